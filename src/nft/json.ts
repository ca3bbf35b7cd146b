// What nft says and is told, as JSON (libnftables-json(5)). Only the envelope and the objects have types here: an expression is
// read by whoever explains it, and one that nobody knows stays as it came.

/** Of nft itself, from the kernel or a file: foreign, so nothing is believed of it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A statement or expression of a rule: { match: … }, { counter: … }, { drop: null }. */
export type Expression = JsonObject;

/** One command of a transaction: { add: { rule: … } }, { flush: { chain: … } }, { delete: { set: … } }. */
export type NftCommand = { readonly [verb in 'add' | 'delete' | 'flush' | 'create' | 'insert']?: JsonObject };
