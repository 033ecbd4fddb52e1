import type { components } from './schema.gen';

type Schemas = components['schemas'];

export type Server = Schemas['ServerListDto']['servers'][number];
export type Limits = Server['limits'];
export type Operation = Schemas['OperationListDto']['operations'][number];
export type OperationStep = Operation['steps'][number];
export type Host = Schemas['HostListDto']['hosts'][number];
export type Tenant = Schemas['TenantListDto']['tenants'][number];
export type Plan = Schemas['PlanListDto']['plans'][number];
export type Template = Schemas['TemplateListDto']['templates'][number];
export type Location = Schemas['LocationListDto']['locations'][number];
export type Snapshot = Schemas['SnapshotListDto']['snapshots'][number];
export type Token = Schemas['TokenListDto']['tokens'][number];
export type Webhook = Schemas['WebhookListDto']['webhooks'][number];
export type WebhookDelivery = Schemas['WebhookDeliveryListDto']['webhook_deliveries'][number];
export type IpPool = Schemas['IpPoolListDto']['ip_pools'][number];
export type PoolAddress = Schemas['PoolAddressesDto']['addresses'][number];
export type Overview = Schemas['OverviewAnswerDto']['overview'];
export type Alert = Overview['alerts'][number];
export type DriftFinding = Schemas['DriftListDto']['drift'][number];
export type AuditEvent = Schemas['AuditEventListDto']['audit_events'][number];
export type Pagination = Schemas['ServerListDto']['meta']['pagination'];
export type Role = Token['role'];
