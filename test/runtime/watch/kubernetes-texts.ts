// Routes and their servers as somebody puts them into a watched folder.

export interface RouteText {
  readonly labels?: Readonly<Record<string, string>>;
  readonly tls?: Readonly<Record<string, string>>;
  readonly host?: string;
}

export function routeText(
  name: string,
  { labels = {}, tls, host = `${name}.example.com` }: RouteText = {},
): string {
  return `apiVersion: route.openshift.io/v1
kind: Route
metadata:
  name: ${name}
  namespace: bank
  labels: ${JSON.stringify(labels)}
  creationTimestamp: "2026-01-31T10:00:00Z"
  uid: u-${name}
spec:
  host: ${host}
  to: { kind: Service, name: ${name} }
${tls === undefined ? '' : `  tls: ${JSON.stringify(tls)}\n`}---
`;
}

/** Each server's port is a Service's own: Endpoints may differ, as Pods of host networks do. */
export function endpointsText(name: string, addresses: readonly string[], port = 8080): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: bank }
spec: { ports: [{ port: 80, targetPort: ${port} }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: ${name}, namespace: bank }
subsets: [{ addresses: ${JSON.stringify(addresses.map((ip) => ({ ip })))}, ports: [{ port: ${port} }] }]
---
`;
}
