import type { Pagination, SortOrder } from '@berth/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

export interface ListOptions<F extends string> {
  page: number;
  per_page: number;
  sort?: SortOrder<F>;
}

export interface Page<E> {
  rows: E[];
  pagination: Pagination;
}

export function paginationOf(page: number, perPage: number, total: number): Pagination {
  const lastPage = Math.max(1, Math.ceil(total / perPage));
  return {
    page,
    per_page: perPage,
    total_entries: total,
    last_page: lastPage,
    next_page: page < lastPage ? page + 1 : null,
    previous_page: page > 1 ? Math.min(page - 1, lastPage) : null,
  };
}

/**
 * One page of a query without joins. `columns` maps the API's sort fields to properties (`alias.property`); the id follows, so that
 * pages don't overlap. Newest first where no order is asked for.
 */
export async function listPage<E extends ObjectLiteral, F extends string>(
  query: SelectQueryBuilder<E>,
  options: ListOptions<F>,
  columns: Record<F, string>,
  fallback: SortOrder<F>,
): Promise<Page<E>> {
  // TypeORM's own count sorts all ids to find doubles, of which a query without joins has none.
  const counting = query.clone().select('count(*)', 'total').getRawOne<{ total: string }>();
  const { field, direction } = options.sort ?? fallback;
  const order = direction === 'asc' ? 'ASC' : 'DESC';
  query.orderBy(columns[field], order);
  if (field !== ('id' as F)) query.addOrderBy(`${query.alias}.id`, order);
  query.offset((options.page - 1) * options.per_page).limit(options.per_page);
  const [rows, counted] = await Promise.all([query.getMany(), counting]);
  return { rows, pagination: paginationOf(options.page, options.per_page, Number(counted!.total)) };
}
