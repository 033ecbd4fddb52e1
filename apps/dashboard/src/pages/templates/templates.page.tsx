import { Button, Code, Text } from '@mantine/core';
import { IconDisc } from '@tabler/icons-react';
import { useState } from 'react';
import { answerOf, api } from '../../api/client';
import { listRows } from '../../api/rows';
import type { Template } from '../../api/types';
import { DeleteDialog } from '../../components/delete-dialog';
import { Card, Page } from '../../components/page';
import { type Column, ResourceTable } from '../../components/resource-table';
import { RowMenu } from '../../components/row-menu';
import { EmptyState } from '../../components/states';
import { When } from '../../components/when';
import { mayWrite } from '../../session/session';
import { useSession } from '../../session/session-context';
import { TemplateForm } from './template-form';

/** What new servers are made from. */
export function TemplatesPage() {
  const writes = mayWrite(useSession());
  const [edited, setEdited] = useState<Template | 'new' | null>(null);
  const [doomed, setDoomed] = useState<Template | null>(null);
  const add = writes && <Button onClick={() => setEdited('new')}>New template</Button>;
  return (
    <Page
      title="Templates"
      description="The file systems that new servers begin with. A host fetches one when it is first needed there, and checks it."
      actions={add}
    >
      <Card flush>
        <ResourceTable
          label="Templates"
          columns={[
            ...columns,
            {
              header: 'Actions',
              end: true,
              cell: (template) =>
                writes && (
                  <RowMenu
                    name={template.name}
                    actions={[
                      { label: 'Rename', onClick: () => setEdited(template) },
                      { label: 'Delete', onClick: () => setDoomed(template), dangerous: true },
                    ]}
                  />
                ),
            },
          ]}
          rows={listRows<Template>('/v1/templates')}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon={IconDisc} title="No template yet" action={add}>
              Nobody can order a server before there is one: a tarball of a root file system, and where it is.
            </EmptyState>
          }
        />
      </Card>
      {edited && <TemplateForm template={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      <DeleteDialog
        thing={doomed}
        resource="templates"
        remove={(id) => answerOf(api.DELETE('/v1/templates/{id}', { params: { path: { id } } }))}
        onClose={() => setDoomed(null)}
      >
        It can’t be ordered any more. Servers that were made from it stay as they are.
      </DeleteDialog>
    </Page>
  );
}

const columns: Column<Template>[] = [
  {
    header: 'Name',
    cell: ({ name }) => (
      <Text size="sm" fw={550}>
        {name}
      </Text>
    ),
  },
  { header: 'Description', cell: ({ description }) => description || '–', from: 'sm' },
  { header: 'Architecture', cell: ({ architecture }) => architecture },
  { header: 'Packed', cell: ({ compression }) => compression, from: 'lg' },
  {
    header: 'Source',
    from: 'md',
    cell: ({ source, sha256 }) => (
      <Code title={`${source ?? ''} SHA-256 ${sha256}`} bg="transparent" p={0}>
        {source ?? '–'}
      </Code>
    ),
  },
  { header: 'Made', cell: ({ created_at }) => <When at={created_at} />, from: 'md' },
];
