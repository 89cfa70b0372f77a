// Three nodes as processes, the bus between them over a crossing for each, and what they share: a cache in
// Redis and a storage in Redis or PostgreSQL. Everything that was started is ended by stop().

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { merged, startOurs } from '../../support/servers.mjs';
import { startNats, startPostgres, startRedis } from '../../support/backends.mjs';
import { Crossing } from './crossing.mjs';

export const NODES = 3;

/** Short enough for many faults in a minute, long enough for a busy machine. */
const REGISTRY = { keepAliveInterval: 1000, activeCheckInterval: 500, nodeInactiveTimeout: 3000 };
const RECONCILIATION_MS = 200;

/** What the READMEs of cluster_registry and state_registry promise: a node that is silent is gone, a node that is
 * there is known, and what nodes know of each other is the same after eleven times the reconciliation. */
export const DOCUMENTED_MS = REGISTRY.nodeInactiveTimeout + REGISTRY.activeCheckInterval + REGISTRY.keepAliveInterval + 11 * RECONCILIATION_MS;

/** From which on a node that is silent must have been missed. */
export const MISSED_MS = REGISTRY.nodeInactiveTimeout + REGISTRY.activeCheckInterval + 2 * REGISTRY.keepAliveInterval;

const SETTINGS = {
    dependencyInitializationTimeout: 40000, // who starts while his bus is away waits for it
    clusterRegistry: { options: REGISTRY },
    clusterStates: { options: { reconciliationTimeout: RECONCILIATION_MS } },
    listen: { shuffleProviders: false, responseTimeout: 4000, rematchInterval: 1500, matchCooldown: 500 },
    rpc: { ackTimeout: 2000, responseTimeout: 4000 },
};

/** Requests wait for a store that is started again: a client that is told of an error when it reads may give up. */
const PATIENT = { requestTimeout: 20000 };

const busOptions = {
    nats: (port) => ({ url: `nats://127.0.0.1:${port}` }),
    redis: (port) => ({ host: '127.0.0.1', port }),
};

const startBus = { nats: () => startNats(), redis: () => startRedis() };

/** All processes of nodes, also second ones of a name: none outlives the checker, however it ends. */
const launched = new Set();
process.on('exit', () => {
    for (const node of launched) {
        if (node.isRunning) node.signal('SIGKILL');
        rmSync(node.scratch, { recursive: true, force: true });
    }
});

export class World {
    /** bus: nats or redis. storage: redis or postgres. broken: a promise to break, see selftests. clock: the library that
     * shifts clocks. */
    constructor({ bus, storage, broken, clock }) {
        Object.assign(this, { busKind: bus, storageKind: storage, broken, clock, nodes: [], crossings: [], buses: [] });
        this.folder = mkdtempSync(join(tmpdir(), 'cluster-checker-'));
    }

    async start() {
        this.buses = [await startBus[this.busKind](), await startBus[this.busKind]()];
        this.store = await startRedis({ args: this.broken === 'durability' ? [] : ['--appendonly', 'yes', '--appendfsync', 'always'] });
        if (this.storageKind === 'postgres') this.postgres = await startPostgres();
        for (let i = 0; i < NODES; i++) this.crossings.push(await new Crossing(this.buses[0].port).start());
        for (let i = 0; i < NODES; i++) writeFileSync(this.clockFile(i), Buffer.alloc(8));
        this.nodes = await Promise.all(this.crossings.map((_, i) => this.launch(i)));
    }

    get storage() {
        if (this.storageKind === 'postgres')
            return { name: 'postgres', options: { host: '127.0.0.1', port: this.postgres.port, user: 'postgres', database: 'postgres', writeInterval: 5 } };
        return { name: 'redis', options: { host: '127.0.0.1', port: this.store.port, db: 1, ...PATIENT } };
    }

    storageOf(_i) {
        return this.storage;
    }

    cacheOf(i) {
        if (this.broken === 'cache' && i === NODES - 1) return { type: 'default', options: {} };
        return { name: 'redis', options: { host: '127.0.0.1', port: this.store.port, ...PATIENT } };
    }

    clockFile(i) {
        return join(this.folder, `clock-${i}`);
    }

    /** How far the clock of the wall is from ours, for this node, from now on. */
    shiftClock(i, seconds) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(seconds));
        writeFileSync(this.clockFile(i), bytes, { flag: 'r+' });
    }

    /** A node of that number; called again, a second one of the same name. */
    async launch(i) {
        const given = merged(SETTINGS, {
            serverName: `node-${i}`,
            clusterNode: { name: this.busKind, options: busOptions[this.busKind](this.crossings[i].port) },
            cache: this.cacheOf(i),
        });
        const env = this.clock ? { LD_PRELOAD: this.clock, SHIFTED_CLOCK: this.clockFile(i) } : {};
        const node = await startOurs(given, { ours: { storage: this.storageOf(i) }, env });
        launched.add(node);
        return node;
    }

    /** All nodes again, with a cache that has forgotten everything: what they have is what was stored. */
    async forget() {
        for (const node of this.nodes) if (node.isRunning) await node.end();
        this.store.run('redis-cli', ['-p', `${this.store.port}`, '-n', '0', 'flushdb']);
        for (const node of this.nodes) await node.again();
    }

    async stop() {
        const failures = [];
        const attempt = (act) => act.catch((error) => failures.push(error));
        for (const node of this.nodes) {
            if (!node.isRunning) continue;
            node.signal('SIGCONT');
            await attempt(node.stop());
        }
        for (const crossing of this.crossings) await attempt(crossing.stop());
        for (const backend of [...this.buses, this.store, this.postgres]) if (backend) await attempt(backend.stop());
        rmSync(this.folder, { recursive: true, force: true });
        if (failures.length > 0) throw failures[0];
    }
}
