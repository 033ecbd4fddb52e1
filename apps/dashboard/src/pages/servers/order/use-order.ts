import { useState } from 'react';
import type { Location, Plan, Template } from '../../../api/types';
import { answerOf, api } from '../../../api/client';
import { labelsOf } from '../../../components/labels-input';
import { sshKeyLines } from '../../../format/ssh-keys';
import { suggestName } from './suggest-name';

export interface OrderFields {
  tenantId: string | undefined;
  plan: string | null;
  template: string | null;
  location: string | null;
  name: string;
  keys: string;
  password: string;
  labels: string[];
  ipv4: number;
  /** Null: one where the location has IPv6. */
  ipv6: number | null;
  start: boolean;
}

export interface Catalogue {
  plans: Plan[];
  templates: Template[];
  locations: Location[];
}

/** What is filled in; what can be chosen for people is. */
export function useOrder(
  { plans, templates, locations }: Catalogue,
  asked: Record<string, string | undefined>,
) {
  const [fields, setFields] = useState<OrderFields>(() => ({
    tenantId: asked.tenant_id,
    plan: asked.plan ?? plans[0]?.name ?? null,
    template: asked.template ?? likeliest(templates)?.name ?? null,
    // As the API chooses where an order names none.
    location: locations.find(({ name }) => name === 'lab')?.name ?? locations[0]?.name ?? null,
    name: suggestName(),
    keys: '',
    password: '',
    labels: [],
    ipv4: 1,
    ipv6: null,
    start: true,
  }));
  const set = (change: Partial<OrderFields>) => setFields((before) => ({ ...before, ...change }));
  return { fields, set, plan: plans.find(({ name }) => name === fields.plan) ?? null };
}

/** The newest Debian, where there is one: hardly anybody wants the first of the alphabet. */
const likeliest = (templates: Template[]) =>
  templates.filter(({ name }) => name.startsWith('debian')).at(-1) ?? templates[0];

export function sendOrder(fields: OrderFields) {
  const body = {
    name: fields.name.trim(),
    plan: fields.plan ?? '',
    template: fields.template ?? '',
    ...(fields.location && { location: fields.location }),
    ...(fields.tenantId && { tenant_id: fields.tenantId }),
    ssh_keys: sshKeyLines(fields.keys).map(({ line }) => line),
    ...(fields.password && { root_password: fields.password }),
    labels: labelsOf(fields.labels),
    ipv4: fields.ipv4,
    ...(fields.ipv6 !== null && { ipv6: fields.ipv6 }),
    start: fields.start,
    onboot: true,
    boot_order: 0,
  };
  return answerOf(api.POST('/v1/servers', { body }));
}
