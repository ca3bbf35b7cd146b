// Rules of well-known owners, recognised as what they are: kube-proxy's three shapes, firewalld, Docker.

import { safe } from '../../domain/safe.ts';
import { fieldOf, onlyEntry, textField } from '../json-fields.ts';
import { type Choice, choiceOf } from '../ruleset/alternatives.ts';
import type { Chain, Rule, Table } from '../ruleset/ruleset.ts';
import { howPicked } from './places.ts';
import { many, type Telling } from './telling.ts';

export interface KubeName {
  readonly kind: string;
  readonly namespace: string;
  readonly service: string;
  readonly protocol: string;
  readonly port: string;
  /** "10.1.0.5:8080". */
  readonly endpoint?: string;
}

/** "service-ULMVA6XW-shop/web/tcp/http", "endpoint-5OJB2KTY-shop/web/tcp/http__10.1.0.5/8080". */
const kubeChain =
  /^(service|external|firewall|endpoint|affinity)-[A-Z0-9]{4,16}-([^/]{1,64})\/([^/]{1,64})\/([a-z]{2,5})\/([^_]{0,64})(?:__(.{1,60})\/(\d{1,5}))?$/;

export function kubeNameOf(name: string): KubeName | undefined {
  const found = kubeChain.exec(name);
  if (found === null) return undefined;
  const [, kind, namespace, service, protocol, port, host, endpointPort] = found;
  return {
    kind: kind!,
    namespace: namespace!,
    service: service!,
    protocol: protocol!,
    port: port!,
    ...(host !== undefined && {
      endpoint: host.includes(':') ? `[${host}]:${endpointPort}` : `${host}:${endpointPort}`,
    }),
  };
}

export function isKubeProxy({ name }: Pick<Table, 'name'>): boolean {
  return name === 'kube-proxy';
}

export function kubeServiceWords({ namespace, service, port }: KubeName): string {
  return safe(`Service ${namespace}/${service}${port === '' ? '' : `, port ${port}`}`, 160);
}

/** Said before the rule itself is explained; undefined where it is nobody's that we know. */
export function recognised(rule: Rule, chain: Chain, table: Table, telling: Telling): string | undefined {
  if (!isKubeProxy(table)) return undefined;
  const told = kubeRule(rule, chain, table, telling);
  return told === undefined ? undefined : `kube-proxy: ${told}.`;
}

function kubeRule(rule: Rule, chain: Chain, table: Table, telling: Telling): string | undefined {
  const name = kubeNameOf(chain.name);
  const vmap = bodyOf(rule, 'vmap');
  const dnat = bodyOf(rule, 'dnat');
  const jumps = textField(bodyOf(rule, 'jump'), 'target');
  if (jumps === 'mark-for-masquerade')
    return 'marks what must come back by this node, so that its source is masqueraded';
  if (name !== undefined) {
    const of = kubeServiceWords(name);
    if (name.kind === 'endpoint' && dnat !== undefined)
      return `${of}: the connection goes to endpoint ${safe(name.endpoint ?? '?', 80)}`;
    const map = vmap ?? fieldOf(fieldOf(dnat, 'addr'), 'map');
    const choice = map === undefined ? undefined : choiceOf(map, table);
    if (choice !== undefined) return `${of}: each new connection goes to ${endpointsWords(choice, telling)}`;
    if (dnat !== undefined) return `${of}: each new connection goes to its only endpoint`;
    return undefined;
  }
  const data = fieldOf(vmap, 'data');
  if (typeof data === 'string') {
    const known: Readonly<Record<string, string>> = {
      '@service-ips': 'finds the Service by address, protocol and port',
      '@service-nodeports': 'finds the Service by its node port',
      '@no-endpoint-services': 'refuses Services that have no endpoints',
      '@no-endpoint-nodeports': 'refuses node ports of Services that have no endpoints',
      '@firewall-ips': 'holds back who may not use a load balancer’s address',
    };
    if (Object.hasOwn(known, data)) return known[data]!;
  }
  if (chain.name === 'mark-for-masquerade')
    return 'marks it, so that its source is masqueraded when it leaves';
  if (chain.name === 'masquerading' && bodyOf(rule, 'masquerade') !== undefined)
    return 'masquerades what was marked';
  return undefined;
}

function endpointsWords({ pick, hashed, alternatives }: Choice, telling: Telling): string {
  if (alternatives.length === 1) return 'its only endpoint';
  return `one of ${many(alternatives.length, 'endpoint')}, ${howPicked(pick, hashed, telling)}`;
}

function bodyOf(rule: Rule, kind: string) {
  for (const expression of rule.expressions) {
    const entry = onlyEntry(expression);
    if (entry?.[0] === kind) return entry[1];
  }
  return undefined;
}

/** Of a chain by its table's and its own name; undefined where nobody we know makes such chains. */
export function ownerOfChain(chain: Chain, table: Table): string | undefined {
  if (isKubeProxy(table)) {
    const name = kubeNameOf(chain.name);
    if (name === undefined) return undefined;
    const kinds: Readonly<Record<string, string>> = {
      service: 'its cluster address',
      external: 'its addresses and node ports seen from outside',
      firewall: 'who may use its load balancer’s address',
      endpoint: `endpoint ${name.endpoint ?? '?'}`,
    };
    return `kube-proxy: ${kubeServiceWords(name)}: ${safe(kinds[name.kind] ?? name.kind, 120)}.`;
  }
  if (table.name === 'firewalld') {
    const zone =
      /^(filter|nat|mangle|raw)_(IN|FWD|FWDI|FWDO|POST|PRE|OUTPUT)_(.{1,60}?)(?:_(pre|log|deny|allow|post))?$/.exec(
        chain.name,
      );
    if (zone === null) return undefined;
    const part = zone[4] === undefined ? '' : `, part ${zone[4]}`;
    return safe(`firewalld: zone or policy ${zone[3]}${part}.`, 160);
  }
  if (/^DOCKER(-|$)/.test(chain.name)) {
    const known: Readonly<Record<string, string>> = {
      DOCKER: 'published ports of containers',
      'DOCKER-USER': 'rules of the operator, before Docker’s own',
      'DOCKER-FORWARD': 'what may pass to and from containers',
      'DOCKER-BRIDGE': 'what goes to its bridges',
      'DOCKER-CT': 'connections of containers that are known already',
      'DOCKER-INTERNAL': 'networks without a way out',
    };
    return `Docker: ${Object.hasOwn(known, chain.name) ? known[chain.name] : 'keeps its networks apart'}.`;
  }
  return undefined;
}
