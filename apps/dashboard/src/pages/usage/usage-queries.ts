import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../../api/client';
import type { components } from '../../api/schema.gen';
import { type UsageRange, usageSpan } from './usage-range';

export type UsageRow = components['schemas']['UsageAnswerDto']['usage'][number];

/** Sums by meter, or by meter and day: some hundreds of rows at most. */
export const usageQuery = (range: UsageRange, tenantId: string | undefined, groupBy: 'meter' | 'meter,day') =>
  queryOptions({
    queryKey: ['usage', range, tenantId ?? null, groupBy],
    queryFn: async ({ signal }) => {
      const rows: UsageRow[] = [];
      const span = usageSpan(range);
      for (let page = 1; ; page += 1) {
        const query = {
          ...span,
          tenant_id: tenantId,
          group_by: groupBy,
          per_page: '100',
          page: String(page),
        };
        const answer = await answerOf(api.GET('/v1/usage', { params: { query }, signal }));
        rows.push(...answer.usage);
        if (answer.meta.pagination.next_page === null) return { rows, meteredTo: answer.metered_to };
      }
    },
  });

export const invoiceQuery = (month: string, tenantId: string | undefined) =>
  queryOptions({
    queryKey: ['usage', 'invoice', month, tenantId ?? null],
    queryFn: async ({ signal }) => {
      const query = { month, tenant_id: tenantId };
      return (await answerOf(api.GET('/v1/invoice_preview', { params: { query }, signal }))).invoice_preview;
    },
  });
