import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type MetricsRegistry = Registry;

/** A registry of its own for a process (and for each app of a test), with the process's own figures. */
export function createMetrics(service: string): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export type LabelValues = Record<string, string | number>;

/** A gauge that is read when it is scraped. `read` gives its values; a failure leaves it out of that scrape. */
export function scrapedGauge(
  registry: MetricsRegistry,
  options: { name: string; help: string; labelNames?: string[] },
  read: () => Promise<{ labels?: LabelValues; value: number }[]>,
): void {
  const gauge: Gauge = new Gauge({
    name: options.name,
    help: options.help,
    labelNames: options.labelNames ?? [],
    registers: [registry],
    async collect() {
      gauge.reset();
      const values = await read().catch(() => []);
      for (const { labels, value } of values) gauge.set(labels ?? {}, value);
    },
  });
}

/** A histogram of seconds, with buckets from 5 ms to 60 s unless others are given. */
export function secondsHistogram(
  registry: MetricsRegistry,
  options: { name: string; help: string; labelNames: string[]; buckets?: number[] },
): Histogram {
  const { buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60], ...rest } = options;
  return new Histogram({ ...rest, buckets, registers: [registry] });
}

export function counter(
  registry: MetricsRegistry,
  options: { name: string; help: string; labelNames?: string[] },
): Counter {
  return new Counter({ ...options, registers: [registry] });
}
