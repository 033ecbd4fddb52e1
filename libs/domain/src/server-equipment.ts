import type { Device, Feature, OperationInput, OperationKind } from '@berth/contracts';

interface Asked {
  kind: OperationKind;
  input: Record<string, unknown>;
}

/** The server's features once the operation is done; in the order in which they were enabled, none twice. */
export function featuresAfter({ kind, input }: Asked, features: readonly Feature[]): Feature[] {
  const { feature } = input as OperationInput<'enable_feature'>;
  const others = features.filter((one) => one !== feature);
  return kind === 'enable_feature' ? [...others, feature] : others;
}

/** The server's devices once the operation is done. One that it has already is had with the new access. */
export function devicesAfter({ kind, input }: Asked, devices: readonly Device[]): Device[] {
  const given = input as Device;
  const others = devices.filter(({ device }) => device !== given.device);
  return kind === 'add_device' ? [...others, { device: given.device, access: given.access }] : others;
}
