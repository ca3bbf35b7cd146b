// Kubernetes objects as plain values, for tests: what they have in common is filled in.
import { configurationText } from '../../../src/config/kubernetes/configuration-text.ts';
import {
  type FromKubernetes,
  fromKubernetes,
  type KubernetesOptions,
} from '../../../src/config/kubernetes/from-kubernetes.ts';
import { planFromText } from '../../../src/config/load-plan.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Fields;
  readonly annotations?: Fields;
  readonly [key: string]: unknown;
}

export function route(spec: Fields = {}, metadata: Metadata = {}): Fields {
  return {
    apiVersion: 'route.openshift.io/v1',
    kind: 'Route',
    metadata: { name: 'shop', namespace: 'store', ...metadata },
    spec: { host: 'shop.example.com', to: { kind: 'Service', name: 'shop' }, ...spec },
  };
}

export const annotated = (annotations: Fields, spec: Fields = {}): Fields => route(spec, { annotations });

/** Two pods with a port "web" 8080 each. */
export function slice(service = 'shop', fields: Fields = {}): Fields {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-x1`,
      namespace: 'store',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: `${service}-a` },
      },
      {
        addresses: ['10.0.0.2'],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: `${service}-b` },
      },
    ],
    ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    ...fields,
  };
}

export function controller(spec: Fields = {}, name = 'default'): Fields {
  return {
    apiVersion: 'operator.openshift.io/v1',
    kind: 'IngressController',
    metadata: { name, namespace: 'openshift-ingress-operator' },
    spec: { replicas: 1, ...spec },
  };
}

export const json = (...objects: readonly unknown[]) =>
  objects.map((each) => JSON.stringify(each)).join('\n---\n');

/** Of objects, in one file "a.yaml". */
export function made(objects: readonly unknown[], options: KubernetesOptions = {}): FromKubernetes {
  return fromKubernetes([{ file: 'a.yaml', text: json(...objects) }], options);
}

export const told = ({ notes }: FromKubernetes) =>
  notes.map(({ file, line, severity, text }) => `${file}:${line} ${severity}: ${text}`);

/** As `sluice check` would take it. */
export function checked({ configuration }: FromKubernetes) {
  const text = configurationText(configuration, ['Made for a test']);
  return planFromText(text, { file: 'sluice.yaml', folder: '/etc/sluice' });
}
