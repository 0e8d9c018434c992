/** What Kubernetes sets for a Service `metrics`: METRICS_PORT=tcp://10.0.0.1:9464. */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//;

/**
 * Says where such a value comes from: nobody has typed it.
 * @returns undefined for every other text
 */
export function serviceLinkProblem(name: string, text: string): string | undefined {
  if (!name.endsWith('_PORT') || !SERVICE_LINK.test(text)) return undefined;
  const service = name.slice(0, -'_PORT'.length).toLowerCase().replaceAll('_', '-');
  return `${name}: was set by Kubernetes for a Service named ${service}; set ${name} in the pod's env, or enableServiceLinks: false in its spec`;
}
