import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** An entity of a row that came as JSON: columns to properties, times to dates. */
export function entityFrom<T extends ObjectLiteral>(
  dataSource: DataSource,
  target: EntityTarget<T>,
  row: Record<string, unknown>,
): T {
  const { columns } = dataSource.getMetadata(target);
  const values = columns.map((column) => {
    const value = row[column.databaseName];
    const isTime = column.type === 'timestamptz' && typeof value === 'string';
    return [column.propertyName, isTime ? new Date(value) : value] as const;
  });
  return Object.assign(dataSource.getMetadata(target).create() as T, Object.fromEntries(values));
}
