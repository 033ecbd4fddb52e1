import { z } from 'zod';

/**
 * `live`: processes and connections go on. `near_live`: a short stop between copies made while it runs. `offline`: it is
 * stopped before the first copy. A stopped server goes by any of them, and stays stopped.
 */
export const migrationModeSchema = z.enum(['live', 'near_live', 'offline']);
export type MigrationModeName = z.output<typeof migrationModeSchema>;
