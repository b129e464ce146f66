import { setTimeout as delay } from 'node:timers/promises'
import { createFleetModel, type ServerSample } from './fleet-model.ts'
import { Notices } from './notices.ts'
import { createOtlpClient } from './otlp-client.ts'
import { createPayloadTemplate, resourceHead } from './payload-template.ts'
import { addTotals, emptyTotals, type PayloadTotals, PayloadWriter } from './payload-writer.ts'
import { createRandom } from './random.ts'
import { RateMeter } from './rate-meter.ts'

const TICK_MS = 1000
/** A receiver decodes a request in one go: this keeps that to a fraction of a second even for unknown series. */
const MAX_PAYLOAD_BYTES = 256 * 1024
const MAX_SERVERS_PER_PAYLOAD = 100
/** After this a payload that was not taken is given up: its windows are closing. */
const GIVE_UP_AFTER_MS = 8000

export interface FleetOptions {
  /** Where OTLP goes, for example `http://127.0.0.1:4318/v1/metrics`. */
  readonly url: string
  /** 1 to 10,000. Default 50. */
  readonly servers?: number
  /** Series a server: the nine of the shop, then `app.metric.0001` and on. Default 9, at most 2,000. */
  readonly metrics?: number
  /** Default 1. */
  readonly seed?: number
  /** Requests under way at a time. Default 4. */
  readonly connections?: number
  readonly log?: (line: string) => void
}

export interface FleetStats {
  /** What the receiver took, `rejectedPoints` included. */
  readonly sent: Readonly<PayloadTotals>
  readonly requests: number
  readonly bytes: number
  /** Answers that asked to come again later, by 429, 503 and their like. */
  readonly pushedBack: number
  /** Points given up: refused, or not taken in time. */
  readonly lostPoints: number
  /** Points the receiver named as bad in a partial success. */
  readonly rejectedPoints: number
  /** Whole seconds in which no round began because the last one was not done. */
  readonly skippedTicks: number
}

/**
 * A fleet in this thread. Every second one round: each server's points once, several servers a request.
 * A sender owns one buffer, which it fills again when the last request is settled: nothing queues up.
 */
export class Fleet {
  readonly pointsPerSecond: number
  readonly #options: Required<FleetOptions>
  readonly #model
  readonly #client
  readonly #heads: Uint8Array[]
  readonly #serversPerPayload: number
  readonly #senders: { writer: PayloadWriter; sample: ServerSample }[]
  readonly #notices: Notices
  readonly #meter = new RateMeter()
  readonly #stopping = new AbortController()
  readonly #sent = emptyTotals()
  readonly #counters = { requests: 0, bytes: 0, pushedBack: 0, lostPoints: 0, rejectedPoints: 0, skippedTicks: 0 }
  #nextServer = 0
  #pausedUntilMs = 0

  /** Throws `RangeError` for a count out of range, `TypeError` for a bad URL. */
  constructor(options: FleetOptions) {
    this.#options = {
      url: options.url,
      servers: wholeNumber('servers', options.servers ?? 50, 10_000),
      metrics: wholeNumber('metrics', options.metrics ?? 9, 2000),
      seed: options.seed ?? 1,
      connections: wholeNumber('connections', options.connections ?? 4, 64),
      log: options.log ?? console.log,
    }
    const { servers, metrics, seed, connections } = this.#options
    this.#notices = new Notices(this.#options.log)
    this.#model = createFleetModel({ servers, seed })
    this.#client = createOtlpClient({ url: new URL(options.url), connections })
    const own = createPayloadTemplate(0).points
    const template = createPayloadTemplate(Math.max(0, metrics - own))
    this.pointsPerSecond = template.points * servers
    this.#heads = this.#model.servers.map((server) => resourceHead(server, template.bytes.length))
    const serverBytes = template.bytes.length + Math.max(...this.#heads.map((head) => head.length))
    this.#serversPerPayload = Math.max(
      1,
      Math.min(MAX_SERVERS_PER_PAYLOAD, Math.floor(MAX_PAYLOAD_BYTES / serverBytes)),
    )
    const capacityBytes = this.#serversPerPayload * serverBytes
    this.#senders = Array.from({ length: connections }, (_, index) => ({
      writer: new PayloadWriter({ template, capacityBytes, random: createRandom(seed + index + 1) }),
      sample: { cpuUtilization: 0, queueUnacked: 0, cartsNonEmpty: 0, latency: [] },
    }))
  }

  get stats(): FleetStats {
    return { sent: { ...this.#sent }, ...this.#counters }
  }

  /** Sends rounds, one at each whole second, until `stop`. A round that takes longer costs the seconds it overran. */
  async run(): Promise<void> {
    const { servers, url, log } = this.#options
    log(
      `${servers.toLocaleString('en-US')} simulated servers, ${this.pointsPerSecond.toLocaleString('en-US')} points/s to ${url}; ` +
        `${this.#model.badServer.name} is the bad one: slow and hot`,
    )
    this.#meter.read(Date.now(), 0)
    while (!this.#stopping.signal.aborted) {
      await this.#sleep(TICK_MS - (Date.now() % TICK_MS))
      if (this.#stopping.signal.aborted) return
      const startMs = Date.now()
      // A long round restamps, so that its last servers do not report a time long past.
      await this.sendRound(() => Math.floor(Date.now() / TICK_MS) * TICK_MS)
      this.#report(startMs, Date.now())
    }
  }

  /** Sends each server's points once. `stampMs` gives the event time of each payload as it is written. */
  async sendRound(stampMs: () => number): Promise<void> {
    this.#nextServer = 0
    await Promise.all(this.#senders.map((sender) => this.#drain(sender, stampMs)))
  }

  /** Ends `run` and every wait at once; a request under way is cut off. */
  stop(): void {
    this.#stopping.abort()
    this.#client.close()
  }

  async #drain(sender: { writer: PayloadWriter; sample: ServerSample }, stampMs: () => number): Promise<void> {
    const { writer, sample } = sender
    while (this.#nextServer < this.#heads.length && !this.#stopping.signal.aborted) {
      const epochMs = stampMs()
      const end = Math.min(this.#heads.length, this.#nextServer + this.#serversPerPayload)
      writer.begin(epochMs)
      for (; this.#nextServer < end; this.#nextServer++) {
        this.#model.sample(this.#nextServer, epochMs, sample)
        writer.add(this.#heads[this.#nextServer]!, sample)
      }
      await this.#deliver(writer)
    }
  }

  /** Posts the same bytes until they are taken, refused, or too old; a receiver knows a repeat by its bytes. */
  async #deliver(writer: PayloadWriter): Promise<void> {
    const giveUpMs = Date.now() + GIVE_UP_AFTER_MS
    const body = writer.bytes()
    for (;;) {
      await this.#sleep(this.#pausedUntilMs - Date.now())
      if (this.#stopping.signal.aborted) return
      this.#counters.requests++
      const outcome = await this.#client.post(body)
      if (this.#stopping.signal.aborted && outcome.kind === 'retry') return
      const nowMs = Date.now()
      if (outcome.kind === 'taken') {
        addTotals(this.#sent, writer.totals)
        this.#counters.bytes += body.length
        this.#counters.rejectedPoints += outcome.rejectedPoints
        if (outcome.rejectedPoints > 0)
          this.#notices.say(
            'rejected',
            nowMs,
            () => `receiver rejected ${outcome.rejectedPoints} points: ${outcome.message}`,
          )
        return
      }
      if (outcome.kind === 'retry' && nowMs + outcome.afterMs < giveUpMs) {
        this.#pushBack(outcome, nowMs)
        continue
      }
      if (outcome.kind === 'retry') this.#pushBack(outcome, nowMs)
      this.#counters.lostPoints += writer.totals.points
      this.#notices.say('lost', nowMs, () => `gave up ${this.#counters.lostPoints} points so far: ${outcome.why}`)
      return
    }
  }

  #pushBack(
    outcome: { readonly afterMs: number; readonly why: string; readonly status: number | undefined },
    nowMs: number,
  ): void {
    if (outcome.status !== undefined) this.#counters.pushedBack++
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + outcome.afterMs)
    this.#notices.say('retry', nowMs, () => `receiver said ${outcome.why}, waiting ${outcome.afterMs} ms`)
  }

  #report(startMs: number, endMs: number): void {
    const rate = this.#meter.read(endMs, this.#sent.points)
    const skipped = Math.floor(endMs / TICK_MS) - Math.floor(startMs / TICK_MS)
    if (skipped === 0) return
    this.#counters.skippedTicks += skipped
    this.#notices.say('behind', endMs, () => behindLine(this.pointsPerSecond, rate))
  }

  async #sleep(ms: number): Promise<void> {
    if (ms <= 0) return
    try {
      await delay(ms, undefined, { signal: this.#stopping.signal })
    } catch {
      // Woken by stop(); every caller looks at the signal.
    }
  }
}

/** The line for a receiver or a machine that cannot keep up. */
export function behindLine(asked: number, rate: number): string {
  return `asked ${asked.toLocaleString('en-US')}/s, sending ${Math.round(rate).toLocaleString('en-US')}/s`
}

function wholeNumber(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new RangeError(`${name} must be a whole number from 1 to ${max}, got ${value}`)
}
