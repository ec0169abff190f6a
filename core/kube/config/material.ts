/** A secret or certificate: given inline (PEM or token bytes), or as a file that is read again when it changes. */
export type Material = { readonly data: Buffer } | { readonly file: string }
