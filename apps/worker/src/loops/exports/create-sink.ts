import type { UsageExportConfig } from '@berth/config';
import { LagoSink } from './lago-sink';
import { OpenMeterSink } from './openmeter-sink';
import { StripeSink } from './stripe-sink';
import type { UsageSink } from './usage-sink';

const SINKS = { openmeter: OpenMeterSink, lago: LagoSink, stripe: StripeSink };

export function createSink({ name, url, token }: UsageExportConfig['sinks'][number]): UsageSink {
  return new SINKS[name](url, token);
}
