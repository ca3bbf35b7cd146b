// The hosts of the demo's routes.

export const demoHosts = {
  shop: 'shop.apps.example.com',
  api: 'api.apps.example.com',
  pay: 'pay.apps.example.com',
  legacy: 'legacy.apps.example.com',
} as const;
