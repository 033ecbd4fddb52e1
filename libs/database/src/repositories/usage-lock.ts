/**
 * First key of the advisory locks of metering: (…, 0) who writes samples shares it, who closes an hour has it alone; (…, 1)
 * who makes partitions; (…, 2) who rolls up.
 */
export const USAGE_LOCK = 7_305_813;
