import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';

describe('the JSON Schema', () => {
  const schema = JSON.parse(JSON.stringify(configSchema()));

  it('is of 2020-12, closed, with what is required, described and defaulted', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      required: ['shards'],
    });
    const backend = schema.properties.backends.items;
    expect(backend.required).toEqual(['name', 'servers']);
    expect(backend.properties.servers.items.required).toEqual(['name']);
    expect(backend.properties.servers.items.properties.admin).toMatchObject({
      enum: ['ready', 'drain', 'maint'],
      default: 'ready',
    });
    expect(backend.properties.balance.properties.algorithm).toMatchObject({
      enum: ['roundrobin', 'leastconn', 'random', 'source'],
      default: 'roundrobin',
      description: expect.any(String),
    });
    expect(schema.properties.shards.items.properties.binds.items.required).toEqual(['listen', 'mode']);
  });

  it('knows shards, and labels as Kubernetes has them', () => {
    const shard = schema.properties.shards.items;
    expect(shard.required).toEqual(['name', 'binds']);
    expect(shard.properties).toMatchObject({
      default: { default: false },
      instances: { minimum: 1, maximum: 64, default: 1 },
      steering: { enum: ['handoff', 'nft'], default: 'handoff' },
      ipv6Prefix: { enum: [64, 128], default: 128 },
      tableSize: { default: 65_537 },
    });
    const { matchLabels, matchExpressions } = shard.properties.routeSelector.properties;
    expect(matchExpressions.items.required).toEqual(['key', 'operator']);
    const key = new RegExp(matchLabels.propertyNames.pattern);
    for (const good of ['tier', 'example.com/tier', 'A_b.c-d', 'a']) expect(good).toMatch(key);
    for (const bad of ['', '-a', 'a/b/c', 'Example.com/', 'a b']) expect(bad).not.toMatch(key);
  });

  it('takes one address or a list of them for consoles', () => {
    const { listen } = schema.properties.runtime.properties.control.properties;
    expect(listen.type).toBeUndefined();
    expect(listen.anyOf).toHaveLength(2);
  });

  it('describes every single value', () => {
    const bare: string[] = [];
    const walk = (node: Record<string, unknown>, path: string) => {
      for (const [key, inner] of Object.entries(
        (node.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (inner.type !== 'object' && inner.type !== 'array' && !inner.description)
          bare.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
        if (inner.items) walk(inner.items as Record<string, unknown>, `${path}.${key}[]`);
      }
    };
    walk(schema, '');
    expect(bare).toEqual([]);
  });
});
