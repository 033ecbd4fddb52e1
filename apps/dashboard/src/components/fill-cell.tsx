import { Progress, Text, Tooltip } from '@mantine/core';
import { fillColour, shareText, shareWidth } from './fill-bar';

interface FillCellProps {
  /** What is filled, for those who can't see: `CPU of host-1`. */
  label: string;
  used: number;
  limit: number;
  format: (value: number) => string;
}

/** How full something is, in a table: the share as text over a thin bar, the amounts at hand. */
export function FillCell({ label, used, limit, format }: FillCellProps) {
  const share = limit > 0 ? used / limit : 0;
  const text = `${format(used)} of ${format(limit)}`;
  return (
    <Tooltip label={text}>
      <div style={{ minWidth: 84 }}>
        <Text size="xs" component="div">
          {shareText(share)} <Text span size="xs" c="dimmed" visibleFrom="lg">{`of ${format(limit)}`}</Text>
        </Text>
        <Progress.Root size="sm">
          <Progress.Section
            value={shareWidth(share)}
            color={fillColour(share)}
            aria-label={`${label}: ${text}`}
          />
        </Progress.Root>
      </div>
    </Tooltip>
  );
}
