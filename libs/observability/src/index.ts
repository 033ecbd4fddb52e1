export { httpLoggerParams, loggerOptions, type LogSettings } from './logger-options';
export {
  counter,
  createMetrics,
  type LabelValues,
  type MetricsRegistry,
  scrapedGauge,
  secondsHistogram,
} from './metrics';
export { requestIdOf } from './request-id';
