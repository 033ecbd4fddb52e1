import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Host } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';
import { LocationField } from '../../components/location-field';
import { CapacityFields, capacityOf, capacityTexts } from './capacity-fields';

/** Of a host that exists: its address and key stay, since they are what was checked. */
export function HostForm({ host, onClose }: { host: Host; onClose: () => void }) {
  const [name, setName] = useState(host.name);
  const [location, setLocation] = useState(host.location);
  const [texts, setTexts] = useState(() => capacityTexts(host));
  const capacity = capacityOf(texts);
  const save = useAction(
    () => {
      const body = { name, ...(location !== host.location && { location }), ...capacity };
      return answerOf(api.PATCH('/v1/hosts/{id}', { params: { path: { id: host.id } }, body }));
    },
    { changes: ['hosts', 'overview'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={`Edit ${host.name}`}
      action="Save"
      size="lg"
      onClose={onClose}
      ready={capacity !== null}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            value={name}
            error={errorOf('name')}
            required
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <LocationField
            value={location}
            onChange={setLocation}
            description={
              host.used.servers > 0 ? 'It can only change while no server is on the host' : undefined
            }
            disabled={host.used.servers > 0}
            error={errorOf('location')}
          />
          <CapacityFields value={texts} onChange={setTexts} errorOf={errorOf} />
        </>
      )}
    </FormModal>
  );
}
