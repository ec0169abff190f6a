import { becomeHypervisor, joinVlan, startVirtualMachine } from '../node/neighbours.ts'
import { type Commands, need, onLab } from './command.ts'

/** Who lives beside the cluster. */
export const neighbours: Commands = {
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
