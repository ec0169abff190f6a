import { certify } from '../control/tls.ts'
import { becomeHypervisor, joinVlan, startVirtualMachine } from '../node/neighbours.ts'
import { type Commands, need, onLab } from './command.ts'

/** Who lives beside the cluster, and who they are. */
export const neighbours: Commands = {
  certify: onLab(
    'certify AUTHORITY TRUSTED [MACHINE...]',
    'new certificates for OVN by an authority (made by its name), and those that are trusted (old,new); a machine, host for the tools here, or all',
    async (lab, words) => {
      const [authority, trusted] = need(words, 'AUTHORITY', 'TRUSTED')
      const all = [...lab.machines.map(({ name }) => name), 'host']
      for (const name of words.length > 2 ? words.slice(2) : all)
        await certify(lab.name, name === 'host' ? name : lab.machine(name), { authority, trusted: trusted.split(',') })
    },
  ),
  vlan: onLab(
    'vlan MACHINE TAG ADDRESS...',
    'give a machine an interface vlan<TAG> on the second wire (10.50.0.1/24); TAG 0: untagged',
    async (lab, words) => {
      const [machine, tag] = need(words, 'MACHINE', 'TAG', 'ADDRESS')
      await joinVlan(lab.machine(machine), Number(tag), words.slice(2))
    },
  ),
  hypervisor: onLab(
    'hypervisor MACHINE',
    "make a machine that is no node (client) a chassis of the lab's OVN",
    async (lab, words) => {
      const [machine = ''] = words
      await becomeHypervisor(lab, lab.machine(machine))
    },
  ),
  guest: onLab(
    'guest MACHINE PORT MAC ADDRESS GATEWAY',
    'start a "virtual machine" on a chassis: a namespace PORT with the interface of that logical port',
    async (lab, words) => {
      const [machine, name] = need(words, 'MACHINE', 'PORT', 'MAC', 'ADDRESS', 'GATEWAY')
      const [, , mac = '', address = '', gateway = ''] = words
      await startVirtualMachine(lab.machine(machine), { name, mac, address, gateway })
    },
  ),
}
