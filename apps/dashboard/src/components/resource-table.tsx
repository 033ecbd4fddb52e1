import { Box, Progress, Skeleton, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { count } from '../format/amounts';
import classes from './resource-table.module.css';
import { ErrorState } from './states';
import { type RowsQuery, useRows } from './use-rows';

const ROW_HEIGHT = 45;
const ROWS_AHEAD = 6;

export interface Column<T> {
  header: string;
  cell: (row: T) => ReactNode;
  /** The API's name to sort by. */
  sort?: string;
  /** The width from which on it is shown; on every screen without. */
  from?: 'sm' | 'md' | 'lg';
  end?: boolean;
  width?: string;
}

interface ResourceTableProps<T> {
  /** What the rows are, for those who can't see: `Servers`. */
  label: string;
  columns: Column<T>[];
  rows: RowsQuery<T>;
  rowKey: (row: T) => string;
  empty: ReactNode;
  /** `field:asc`, as the API takes it. */
  sort?: string;
  onSort?: (sort: string) => void;
  /** CSS length; the rest of the window where not given. */
  height?: string;
}

/** A list of any length: the server pages it, and only the rows in sight are in the document. */
export function ResourceTable<T>(props: ResourceTableProps<T>) {
  const { label, columns, rows, rowKey, empty, height } = props;
  const viewport = useRef<HTMLDivElement>(null);
  // One that is not known yet: a few rows that pulse.
  const [length, setLength] = useState(8);
  const virtualizer = useVirtualizer({
    count: length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: ROWS_AHEAD,
  });
  const items = virtualizer.getVirtualItems();
  const fresh = useTop(JSON.stringify(rows.queryKey), viewport);
  const first = fresh ? 0 : (items[0]?.index ?? 0);
  const last = fresh ? 0 : (items.at(-1)?.index ?? 0);
  const list = useRows(rows, first, last);
  if (list.total !== null && list.total !== length) setLength(list.total);
  if (list.error && list.total === null) return <ErrorState error={list.error} retry={list.retry} />;
  if (list.total === 0) return empty;
  const before = items[0]?.start ?? 0;
  const after = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <Box>
      <Progress
        value={100}
        animated
        size={2}
        aria-hidden
        style={{ visibility: list.loading ? 'visible' : 'hidden' }}
      />
      {/* Scrolls by itself, so the keyboard must reach it. */}
      <div
        ref={viewport}
        className={classes.viewport}
        style={height ? ({ '--table-height': height } as React.CSSProperties) : undefined}
        tabIndex={0}
        role="region"
        aria-label={label}
        aria-busy={list.loading}
      >
        {/* The rows that are not there take their room around the table: cells of 400,000 px are laid out wrongly. */}
        <div style={{ paddingTop: before, paddingBottom: after }}>
          <table className={classes.table} aria-rowcount={(list.total ?? 0) + 1}>
            <thead>
              <tr aria-rowindex={1}>
                {columns.map((column) => (
                  <Header key={column.header} column={column} sort={props.sort} onSort={props.onSort} />
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map(({ index, key }) => {
                const row = list.rowAt(index);
                return (
                  <tr key={row ? rowKey(row) : key} className={classes.row} aria-rowindex={index + 2}>
                    {columns.map((column) => (
                      <td
                        key={column.header}
                        data-from={column.from}
                        className={column.end ? classes.end : undefined}
                      >
                        {row ? column.cell(row) : <Skeleton height={14} radius="sm" />}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      </div>
      <Text size="xs" c="dimmed" px="sm" py={6} role="status">
        {list.total === null ? 'Loading' : `${count(list.total)} ${list.total === 1 ? 'entry' : 'entries'}`}
        {list.error ? ': what is shown may be old, the API can’t be reached' : ''}
      </Text>
    </Box>
  );
}

/** Another list begins at its top: true until it is there, since what was in sight of the one before is of no use. */
function useTop(key: string, viewport: RefObject<HTMLDivElement | null>): boolean {
  const [settled, setSettled] = useState(key);
  useLayoutEffect(() => {
    if (viewport.current) viewport.current.scrollTop = 0;
    // The scroll is told in the next frame.
    const frame = requestAnimationFrame(() => setSettled(key));
    return () => cancelAnimationFrame(frame);
  }, [key, viewport]);
  return settled !== key;
}

interface HeaderProps<T> {
  column: Column<T>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}

function Header<T>({ column, sort, onSort }: HeaderProps<T>) {
  const [field, direction = 'asc'] = sort?.split(':') ?? [];
  const active = column.sort !== undefined && column.sort === field;
  const ariaSort = active ? (direction === 'asc' ? 'ascending' : 'descending') : undefined;
  return (
    <th
      scope="col"
      data-from={column.from}
      className={column.end ? classes.end : undefined}
      style={{ width: column.width }}
      aria-sort={ariaSort}
    >
      {column.sort && onSort ? (
        <button
          type="button"
          className={classes.sort}
          onClick={() => onSort(`${column.sort}:${active && direction === 'asc' ? 'desc' : 'asc'}`)}
        >
          {column.header}
          {active && direction === 'asc' && <IconArrowUp size={14} aria-hidden />}
          {active && direction === 'desc' && <IconArrowDown size={14} aria-hidden />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}
