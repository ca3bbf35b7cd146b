// How the kernel's part shows on screens that are about other things: "⇢" is what nftables sends on.

import type { KernelHop } from '../domain/kernel.ts';
import type { BindEntity } from '../domain/model.ts';
import type { Span } from './frame.ts';
import { span } from './spans.ts';

/** Of a bind with `path: kernel`: who carries its clients, and where it is not the kernel, why not. */
export function pathSpans({ path }: Pick<BindEntity, 'path'>): Span[] {
  if (path === undefined) return [];
  const why = path.why === undefined ? '' : ` (${path.why})`;
  switch (path.by) {
    case 'kernel':
      return [span(' ⇢ kernel', 'accent')];
    case 'relay':
      return [span(` ▲ relay${why}`, 'warning')];
    case 'none':
      return [span(` ▼ nobody${why}`, 'bad')];
  }
}

/** "10.96.0.10:80 → 10.1.0.5:8080: kube-proxy: Service shop/web, port http → one of 3 endpoints". */
export function hopText({ to, endpoint, text }: KernelHop): string {
  const way = endpoint === undefined ? to : `${to} → ${endpoint}`;
  return text === '' ? way : `${way}: ${text}`;
}
