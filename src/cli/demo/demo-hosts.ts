// The hosts of the demo's routes: three on the default shard's domain, three on that of the shard for labelled ones.

export const demoHosts = {
  shop: 'shop.apps.example.com',
  api: 'api.apps.example.com',
  pay: 'pay.apps.example.com',
  tickets: 'tickets.shard-apps.example.com',
  media: 'media.shard-apps.example.com',
  legacy: 'legacy.shard-apps.example.com',
} as const;
