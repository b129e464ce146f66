import { expect, test } from 'vitest'
import { parseCpu, parseDisks, parseNetwork } from '../../src/input/linux-counters.ts'

test('reads processor seconds from the first line of /proc/stat', () => {
  const stat = 'cpu  250 50 1000 200000 300 20 30 40 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n'
  expect(parseCpu(stat)).toEqual({
    user: 2.5,
    nice: 0.5,
    system: 10,
    idle: 2000,
    iowait: 3,
    interrupt: 0.5,
    steal: 0.4,
  })
})

test('reads interfaces from /proc/net/dev and leaves the loopback out', () => {
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3293      31    0    0    0     0          0         0     3293      31    0    0    0     0       0          0
  eth0:692408571   17557    0    0    0     0          0         0  1377458   10636    0    0    0     0       0          0
`
  expect(parseNetwork(dev)).toEqual([{ device: 'eth0', inBytes: 692408571, outBytes: 1377458 }])
})

test('reads whole disks from /proc/diskstats', () => {
  const stats = `   7       0 loop0 9 0 9 0 9 0 9 0 0 0 0
 254       0 vda 100187 29197 4010834 75125 29217 47979 3881152 29579 0 57224 107139
 254       1 vda1 1 0 8 0 1 0 8 0 0 0 0
 253       0 zram0 1 0 8 0 1 0 8 0 0 0 0
`
  expect(parseDisks(stats, new Set(['loop0', 'vda', 'zram0']))).toEqual([
    { device: 'vda', inBytes: 4010834 * 512, outBytes: 3881152 * 512 },
  ])
})
