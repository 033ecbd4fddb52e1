import { Radio, Table, Text } from '@mantine/core';
import type { components } from '../../../api/schema.gen';
import { bytes, count } from '../../../format/amounts';
import { words } from '../../../format/words';

type Target = components['schemas']['MigrationTargetsDto']['migration_targets'][number];

interface MigrationTargetsProps {
  targets: Target[];
  /** Null: placement chooses. */
  value: string | null;
  onChange: (hostId: string | null) => void;
}

/** The hosts of its location as placement ranks them, with what each would have left, or why it can't take it. */
export function MigrationTargets({ targets, value, onChange }: MigrationTargetsProps) {
  return (
    <Table.ScrollContainer
      minWidth={300}
      maxHeight={420}
      type="native"
      tabIndex={0}
      role="region"
      aria-label="Hosts"
    >
      <Table verticalSpacing="xs" horizontalSpacing="sm" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Host</Table.Th>
            <Table.Th>Left there with it</Table.Th>
            <Table.Th visibleFrom="sm">Ways to go</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr>
            <Table.Td>
              <Radio
                name="target"
                label="The best one"
                checked={value === null}
                onChange={() => onChange(null)}
              />
            </Table.Td>
            <Table.Td colSpan={2}>
              <Text size="sm" c="dimmed">
                As placement ranks them when it begins
              </Text>
            </Table.Td>
          </Table.Tr>
          {targets.map((target) => (
            <TargetRow
              key={target.host.id}
              target={target}
              chosen={value === target.host.id}
              onChoose={() => onChange(target.host.id)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface TargetRowProps {
  target: Target;
  chosen: boolean;
  onChoose: () => void;
}

function TargetRow({ target, chosen, onChoose }: TargetRowProps) {
  const { host, rank, fits, reasons, free_after, modes } = target;
  return (
    <Table.Tr>
      <Table.Td>
        <Radio
          name="target"
          label={rank === null ? host.name : `${rank}. ${host.name}`}
          checked={chosen}
          disabled={!fits}
          onChange={onChoose}
        />
      </Table.Td>
      {fits ? (
        <>
          <Table.Td>
            {count(free_after.cpus)} CPUs · {bytes(free_after.ram_bytes)} · {bytes(free_after.disk_bytes)}{' '}
            disk
          </Table.Td>
          <Table.Td visibleFrom="sm">{modes.map(words).join(', ')}</Table.Td>
        </>
      ) : (
        <Table.Td colSpan={2}>
          <Text size="sm" c="dimmed">
            Not there: {reasons.join('; ')}
          </Text>
        </Table.Td>
      )}
    </Table.Tr>
  );
}
