// Certificates, keys and authorities that stand in objects → files, through a callback that says where; tried out first,
// so that no Route can bring a configuration down.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ContentFile, KubernetesOptions } from './from-kubernetes.ts';
import { hashOf, nameOf } from './names.ts';

export class Contents {
  readonly #pathOf: KubernetesOptions['pathOf'];
  readonly #files = new Map<string, ContentFile>();

  constructor(pathOf: KubernetesOptions['pathOf']) {
    this.#pathOf = pathOf;
  }

  /** Without it nothing can be put anywhere. */
  get hasPlace(): boolean {
    return this.#pathOf !== undefined;
  }

  /** The path to be written into the configuration. Only where `hasPlace`. */
  put(name: string, text: string, secret = false): string {
    const content = `${text.replace(/\r\n/g, '\n').trim()}\n`;
    const hash = hashOf(content);
    const place = (as: string) => this.#pathOf?.({ name: nameOf(as), content, hash }) ?? as;
    const wanted = place(name);
    const taken = this.#files.get(wanted);
    // A Route of namespace "ingress" may be called as an IngressController is: neither gets the other's.
    const path = taken === undefined || taken.content === content ? wanted : place(`${hash}-${name}`);
    this.#files.set(path, { path, content, secret });
    return path;
  }

  get files(): readonly ContentFile[] {
    return [...this.#files.values()];
  }
}

/** Why they cannot be served; never a part of them. */
export function pairFault(certificate: string, key: string): string | undefined {
  try {
    const leaf = new X509Certificate(certificate);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return 'its key is of another certificate';
  } catch {
    return 'its certificate or its key is damaged, encrypted, or of a kind that is not known';
  }
  try {
    createSecureContext({ cert: certificate, key, ca: [] });
    return undefined;
  } catch {
    return 'OpenSSL refuses its certificate';
  }
}

export function authoritiesFault(text: string): string | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'it holds no certificate';
  try {
    for (const block of blocks) new X509Certificate(block);
    return undefined;
  } catch {
    return 'a certificate in it is damaged';
  }
}
