import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { useFilters } from './use-filters';

interface Section {
  name: string;
  label: string;
  content: ReactNode;
}

/** Parts of a page, one at a time; which one is in the page's address. */
export function SectionTabs({ label, sections }: { label: string; sections: Section[] }) {
  const [filters, setFilters] = useFilters();
  const chosen = sections.find(({ name }) => name === filters.tab) ?? sections[0]!;
  return (
    <Tabs
      value={chosen.name}
      onChange={(tab) => setFilters({ tab: tab === sections[0]!.name ? undefined : (tab ?? undefined) })}
      keepMounted={false}
    >
      <Tabs.List
        aria-label={label}
        mb="md"
        style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}
      >
        {sections.map((section) => (
          <Tabs.Tab key={section.name} value={section.name}>
            {section.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {sections.map((section) => (
        <Tabs.Panel key={section.name} value={section.name}>
          {section.content}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
