import { Select, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import type { Template } from '../../api/types';
import { useAction } from '../../api/use-action';
import { FormModal } from '../../components/form-modal';

interface TemplateFormProps {
  /** Null: a new one. Of one that exists, name and description can change; hosts keep the files by its id. */
  template: Template | null;
  onClose: () => void;
}

export function TemplateForm({ template, onClose }: TemplateFormProps) {
  const [name, setName] = useState(template?.name ?? '');
  const [description, setDescription] = useState(template?.description ?? '');
  const [source, setSource] = useState('');
  const [sha256, setSha256] = useState('');
  const [architecture, setArchitecture] = useState<'amd64' | 'arm64'>('amd64');
  const save = useAction(
    () =>
      template
        ? answerOf(
            api.PATCH('/v1/templates/{id}', {
              params: { path: { id: template.id } },
              body: { name, description },
            }),
          )
        : answerOf(
            api.POST('/v1/templates', {
              body: { name, description, source: source.trim(), sha256: sha256.trim(), architecture },
            }),
          ),
    { changes: ['templates'], quiet: true },
  );
  return (
    <FormModal
      opened
      title={template ? `Rename ${template.name}` : 'New template'}
      action={template ? 'Save' : 'Create'}
      onClose={onClose}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(errorOf) => (
        <>
          <TextInput
            label="Name"
            description="Orders name it: such as debian-13"
            value={name}
            error={errorOf('name')}
            required
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Description"
            value={description}
            error={errorOf('description')}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          {!template && (
            <>
              <Textarea
                label="Source"
                description="Where the tarball of the root file system is: http(s)://… or file:///…"
                value={source}
                error={errorOf('source')}
                required
                autosize
                onChange={(event) => setSource(event.currentTarget.value)}
              />
              <TextInput
                label="SHA-256"
                description="Of the tarball, 64 hexadecimal digits: a host takes nothing else"
                value={sha256}
                error={errorOf('sha256')}
                required
                onChange={(event) => setSha256(event.currentTarget.value)}
              />
              <Select
                label="Architecture"
                data={['amd64', 'arm64'] as const}
                value={architecture}
                allowDeselect={false}
                error={errorOf('architecture')}
                onChange={(chosen) => chosen && setArchitecture(chosen)}
              />
            </>
          )}
        </>
      )}
    </FormModal>
  );
}
