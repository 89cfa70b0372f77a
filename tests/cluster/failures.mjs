// Nodes that come, go, die and stop for a while, and a bus that is lost and regained: afterwards every node
// knows what there is, and nothing that is not.

import assert from 'node:assert/strict';
import { busKind, PATIENT, play, until } from './nodes.mjs';

const watch = async (cluster, node, name) => {
    const peer = await cluster.login(node, name);
    peer.send('PRESENCE.SUBSCRIBE_ALL', { correlationId: 's' });
    await peer.sees('PRESENCE.SUBSCRIBE_ALL');
    return peer;
};

const sees = (peer, kind, name) => peer.sees(`PRESENCE.PRESENCE_${kind}_ALL`, { name }, 40000);

const subscribe = async (peer, name) => {
    peer.send('EVENT.SUBSCRIBE', { names: [name], correlationId: `s${name}` });
    await peer.sees('EVENT.SUBSCRIBE');
};

async function online(peer) {
    peer.forget();
    peer.send('PRESENCE.QUERY_ALL');
    return ((await peer.sees('PRESENCE.QUERY_ALL_RESPONSE')).names ?? []).sort();
}

/** Until each peer sees exactly these users. */
async function allSee(peers, names) {
    const wanted = names.toSorted();
    await until(async () => {
        for (const peer of peers) if (JSON.stringify(await online(peer)) !== JSON.stringify(wanted.filter((name) => name !== peer.name))) return false;
        return true;
    }, `all to see ${wanted}`);
}

/** Many names, so that it takes a while until others have them. */
async function subscribeToMany(peer, prefix) {
    for (let i = 0; i < 20; i++) {
        peer.send('EVENT.SUBSCRIBE', { names: [...Array(500).keys()].map((k) => `${prefix}/${i}/${k}`), correlationId: `m${i}` });
        await peer.sees('EVENT.SUBSCRIBE', { correlationId: `m${i}` }, 40000);
    }
}

await play(`failures on ${busKind}`, [
    ['the first words of a client at a newcomer reach everybody', async (cluster) => {
        const a = await cluster.login(0, 'a'), b = await cluster.login(1, 'b');
        await subscribeToMany(a, 'first');
        await subscribe(a, 'first');
        b.send('RPC.PROVIDE', { names: ['first'], correlationId: 'p' });
        await b.sees('RPC.PROVIDE');
        await cluster.until_heard(b, a, 'first');
        a.forget();
        cluster.nodes[0].signal('SIGSTOP'); // who lets clients in without its answer has the time for it
        const starting = cluster.another('newcomer', PATIENT);
        await cluster.nodes[1].logs(/CLUSTER_JOIN \| newcomer/, { milliseconds: 40000 });
        setTimeout(() => cluster.nodes[0].signal('SIGCONT'), 500);
        const newcomer = await starting;
        cluster.nodes.push(newcomer);
        const c = await cluster.login(3, 'c');
        c.send('EVENT.EMIT', { name: 'first', data: '"word"' });
        c.send('RPC.REQUEST', { name: 'first', correlationId: 'r', data: '1' });
        assert.deepEqual(await online(c), ['a', 'b']);
        await a.sees('EVENT.EMIT', { name: 'first', data: '"word"' });
        await b.sees('RPC.REQUEST', { name: 'first', correlationId: 'r' });
        assert.ok(!newcomer.log.includes('clients are let in'), newcomer.tail());
        await newcomer.stop();
        cluster.nodes.pop();
        await cluster.allKnow(3);
    }],
    ['of a node with many names that is killed, and back at once, each user leaves once', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), users = [...Array(20).keys()].map((i) => `user-${i}`);
        for (const name of users) await cluster.login(2, name);
        await subscribeToMany(await cluster.login(2, 'many'), 'killed');
        for (const name of [...users, 'many']) await sees(a, 'JOIN', name);
        await cluster.nodes[2].kill();
        await cluster.nodes[2].again();
        await cluster.allKnow(3);
        for (const name of [...users, 'many']) await sees(a, 'LEAVE', name);
        await watch(cluster, 2, 'mark');
        await sees(a, 'JOIN', 'mark');
        const left = a.messages.filter(({ kind, name }) => kind === 'PRESENCE.PRESENCE_LEAVE_ALL' && [...users, 'many'].includes(name));
        assert.deepEqual(left.map(({ name }) => name).toSorted(), [...users, 'many'].toSorted());
        await allSee([a], ['a', 'mark']);
    }],
    ['a newcomer knows what there is, and a node that ends takes its users along at once', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), b = await cluster.login(1, 'b');
        await subscribe(b, 'join');
        await sees(a, 'JOIN', 'b');
        const late = await cluster.another('late');
        cluster.nodes.push(late);
        await cluster.allKnow(4);
        const c = await cluster.login(3, 'c');
        await sees(a, 'JOIN', 'c');
        await allSee([a, c], ['a', 'b', 'c']);
        await cluster.until_heard(c, b, 'join');
        await late.stop();
        cluster.nodes.pop();
        await sees(a, 'LEAVE', 'c');
        await cluster.nodes[0].logs(/CLUSTER_LEAVE \| late/);
        await cluster.allKnow(3);
    }],
    ['a node that is killed is missed, and with it its users, subscriptions and providers', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), b = await cluster.login(1, 'b'), dead = await cluster.login(2, 'dead');
        await sees(a, 'JOIN', 'dead');
        dead.send('RPC.PROVIDE', { names: ['work'], correlationId: 'p' });
        await dead.sees('RPC.PROVIDE');
        await until(async () => {
            a.send('RPC.REQUEST', { name: 'work', correlationId: String(a.messages.length), data: '1' });
            await a.roundTrip();
            await dead.roundTrip();
            return dead.last('RPC.REQUEST');
        }, 'a call that the provider gets');
        b.send('RPC.PROVIDE', { names: ['other', 'work'], correlationId: 'p' });
        await b.sees('RPC.PROVIDE');
        await until(async () => {
            a.send('RPC.REQUEST', { name: 'other', correlationId: `o${a.messages.length}` });
            await a.roundTrip();
            await b.roundTrip();
            return b.last('RPC.REQUEST');
        }, 'the other provider to be known');
        const open = dead.last('RPC.REQUEST').correlationId;
        b.forget();
        await cluster.nodes[2].kill();
        await sees(a, 'LEAVE', 'dead');
        await b.sees('RPC.REQUEST', { name: 'work', correlationId: open }, 40000); // moved on (B10)
        await allSee([a, b], ['a', 'b']);
        await cluster.nodes[2].again();
        await cluster.allKnow(3);
    }],
    ['a node that is killed and started again at once leaves no ghosts', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), ghost = await cluster.login(2, 'ghost');
        await sees(a, 'JOIN', 'ghost');
        await cluster.nodes[2].kill();
        await cluster.nodes[2].again();
        await ghost.closes();
        const b = await cluster.login(2, 'b');
        await allSee([a, b], ['a', 'b']);
    }],
    ['a node that stops for a while is missed, and is back when it goes on', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), paused = await cluster.login(2, 'paused');
        await subscribe(paused, 'pause');
        await sees(a, 'JOIN', 'paused');
        await cluster.until_heard(a, paused, 'pause');
        cluster.nodes[2].signal('SIGSTOP');
        await sees(a, 'LEAVE', 'paused');
        a.forget();
        cluster.nodes[2].signal('SIGCONT');
        await sees(a, 'JOIN', 'paused');
        await allSee([a, paused], ['a', 'paused']);
        paused.forget();
        await cluster.until_heard(a, paused, 'pause');
    }],
    ['while the bus is lost nodes work alone, and when it is back they agree again', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), b = await cluster.login(1, 'b'), gone = await cluster.login(1, 'gone');
        await subscribe(b, 'kept');
        await sees(a, 'JOIN', 'gone');
        await cluster.until_heard(a, b, 'kept');
        const from = cluster.nodes.map((node) => node.log.length);
        await cluster.bus.kill();
        for (const [i, node] of cluster.nodes.entries()) await node.logs(/CLUSTER_BUS \| the bus is lost/, { from: from[i], milliseconds: 40000 });
        await gone.close();
        const fresh = await cluster.login(2, 'fresh');
        await subscribe(fresh, 'new');
        const local = await cluster.login(0, 'local');
        await subscribe(local, 'here');
        a.send('EVENT.EMIT', { name: 'here', data: '1' });
        await local.sees('EVENT.EMIT', { name: 'here' });
        await cluster.bus.start();
        await cluster.allKnow(3);
        await allSee([a, b, fresh, local], ['a', 'b', 'fresh', 'local']);
        b.forget();
        await cluster.until_heard(a, fresh, 'new');
        await cluster.until_heard(a, b, 'kept');
    }],
    ['the bus is lost for longer than nodes may be silent', async (cluster) => {
        const a = await watch(cluster, 0, 'a'), b = await cluster.login(1, 'away'); // not b: the one before may leave late
        await sees(a, 'JOIN', 'away');
        await cluster.bus.kill();
        await sees(a, 'LEAVE', 'away');
        a.forget();
        await cluster.bus.start();
        await sees(a, 'JOIN', 'away');
        await cluster.allKnow(3);
        await allSee([a, b], ['a', 'away']);
    }],
    ['two nodes of one name are reported', async (cluster) => {
        const twin = await cluster.another('node-0');
        await twin.logs(/CONFIG_ERROR \| two nodes are called node-0/, { milliseconds: 40000 });
        await cluster.nodes[1].logs(/CONFIG_ERROR \| two nodes are called node-0/, { milliseconds: 40000 });
        await twin.stop();
    }],
]);
