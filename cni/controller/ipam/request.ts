import { type IpAddress, ipFamily, tryParseIp } from '@ovnkit/inet'

/** The addresses that a pod asks for, at most one a family, or why the text is no request. */
export type AddressRequest = { readonly addresses: readonly IpAddress[] } | { readonly problem: string }

/** Parses the annotation `network.zstack.io/ip-address`: one address, or one of each family with a comma. Absent is no wish. */
export function parseAddressRequest(text: string | undefined): AddressRequest {
  if (text === undefined || text.trim() === '') return { addresses: [] }
  const addresses: IpAddress[] = []
  for (const part of text.split(',')) {
    const address = tryParseIp(part.trim())
    if (address === undefined)
      return { problem: `"${part.trim()}" is no IP address; write one, or one of each family with a comma` }
    if (addresses.some(other => ipFamily(other) === ipFamily(address))) {
      return { problem: `"${text}" has two IPv${ipFamily(address)} addresses; a pod has one of a family` }
    }
    addresses.push(address)
  }
  return { addresses }
}
