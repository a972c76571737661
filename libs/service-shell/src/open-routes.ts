/** Probes, for whoever runs the machine: all that is answered to nobody in particular. */
export const OPEN_ROUTES: readonly string[] = ['/health/live', '/health/ready', '/health/startup'];

export const METRICS_ROUTE = '/metrics';
