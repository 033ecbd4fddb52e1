import type { ReactNode } from 'react';
import type { Column } from './resource-table';
import classes from './resource-table.module.css';

interface SimpleTableProps<T> {
  /** What the rows are, for those who can't see. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
}

/** A table of some rows that are all there already; looks as the long ones do. */
export function SimpleTable<T>({ label, columns, rows, rowKey }: SimpleTableProps<T>): ReactNode {
  return (
    <div className={classes.plain} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table}>
        <thead>
          <tr>
            {columns.map(({ header, from, end, width }) => (
              <th
                key={header}
                scope="col"
                data-from={from}
                className={end ? classes.end : undefined}
                style={{ width }}
              >
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={classes.row}>
              {columns.map(({ header, from, end, cell }) => (
                <td key={header} data-from={from} className={end ? classes.end : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
