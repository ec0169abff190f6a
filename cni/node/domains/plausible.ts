import { cidrContains, type IpAddress, parseCidr } from '@ovnkit/inet'

/**
 * Nobody's name stands for these: this host, its link (with it the metadata services of clouds), groups. Who answers for a name must not lead pods there. Private networks are as good as
 * any: names inside of a company have them.
 */
const impossible = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/127',
  '::ffff:0:0/96',
  'fe80::/10',
  'ff00::/8',
].map(text => parseCidr(text))

export const isPlausible = (address: IpAddress): boolean => !impossible.some(one => cidrContains(one, address))
