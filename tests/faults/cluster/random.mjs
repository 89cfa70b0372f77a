// Chance that a seed decides: the same seed, the same choices. (xorshift32 over a mixed seed.)

export class Random {
    constructor(seed) {
        this.state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
        for (let i = 0; i < 8; i++) this.next();
    }

    next() {
        this.state ^= this.state << 13;
        this.state ^= this.state >>> 17;
        this.state ^= this.state << 5;
        this.state >>>= 0;
        return this.state;
    }

    /** A whole number, both ends included. */
    between(least, most) {
        return least + this.next() % (most - least + 1);
    }

    /** True in so many of a hundred cases. */
    percent(share) {
        return this.next() % 100 < share;
    }

    pick(list) {
        return list[this.next() % list.length];
    }

    shuffled(list) {
        const result = [...list];
        for (let i = result.length - 1; i > 0; i--) {
            const j = this.next() % (i + 1);
            [result[i], result[j]] = [result[j], result[i]];
        }
        return result;
    }
}
