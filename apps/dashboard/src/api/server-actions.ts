import { answerOf, api } from './client';
import type { paths } from './schema.gen';
import type { Operation } from './types';

type ActionPath = Extract<keyof paths, `/v1/servers/{id}/actions/${string}`>;
export type ServerAction = ActionPath extends `/v1/servers/{id}/actions/${infer Name}` ? Name : never;
type Post<N extends ServerAction> = paths[`/v1/servers/{id}/actions/${N}`]['post'];
type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : never;

export type ActionBody<N extends ServerAction> = Json<Post<N>['requestBody']>;
/** Most answer the operation alone; what an action answers beside it is there as well. */
type ActionAnswer<N extends ServerAction> = (Post<N>['responses'] extends { 202: infer Answer }
  ? Json<Answer>
  : unknown) & { operation: Operation | null };

/** `POST /v1/servers/:id/actions/<name>`. */
export async function serverAction<N extends ServerAction>(
  id: string,
  name: N,
  body: ActionBody<N>,
): Promise<ActionAnswer<N>> {
  const post = api.POST as (path: string, options: object) => Promise<{ data?: ActionAnswer<N> }>;
  return await answerOf(post(`/v1/servers/{id}/actions/${name}`, { params: { path: { id } }, body }));
}
