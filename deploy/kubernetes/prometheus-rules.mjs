// `node deploy/kubernetes/prometheus-rules.mjs`: writes components/monitoring/service-rules.yaml from the alarms of
// config/prometheus, which are the ones to change. Those of exporters that this cluster does not have are left out: the
// database has its own in prometheus-rule.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const SOURCE = new URL('../../config/prometheus/aegis.rules.yml', import.meta.url);
const TARGET = new URL('components/monitoring/service-rules.yaml', import.meta.url);

const { groups } = parse(readFileSync(SOURCE, 'utf8'));
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'aegis-service' },
  spec: { groups: groups.filter(({ name }) => name !== 'aegis-database') },
};
writeFileSync(
  TARGET,
  `# Written by \`node deploy/kubernetes/prometheus-rules.mjs\`; a test compares it with config/prometheus.\n${stringify(rule, { lineWidth: 0 })}`,
);
