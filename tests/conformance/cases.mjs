// What is tried at the echo program and at a node: statuses of RFC 6455 7.4, and texts of 8.1.

export const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
export const BAD_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];

/** UTF-8, as hexadecimal digits. */
export const GOOD_TEXTS = {
    'one to four bytes': '24c2a2e282acf0908d88',
    'the limits of each length': '007fc280dfbfe0a080efbfbff0908080f48fbfbf',
    'around the surrogates': 'ed9fbfee8080',
    'non-characters': 'efbfbeefbfbff09fbfbef09fbfbff48fbfbef48fbfbf',
    'greek and a cosmos': 'cebae1bdb9cf83cebcceb5',
    'zeros': '000000',
    'a byte order mark': 'efbbbf61',
};
/** What is none, and how many bytes may come before the breach can be seen. */
export const BAD_TEXTS = {
    'a tail without a head': ['80', 1],
    'a tail after ASCII': ['6162bf', 3],
    'a head followed by ASCII': ['c320', 2],
    'overlong, two bytes': ['c0af', 1],
    'overlong, two bytes, last': ['c1bf', 1],
    'overlong, three bytes': ['e080af', 2],
    'overlong, four bytes': ['f08080af', 2],
    'a high surrogate': ['eda080', 2],
    'a low surrogate': ['edbfbf', 2],
    'a pair of surrogates': ['eda080edb080', 2],
    'above U+10FFFF': ['f4908080', 2],
    'a head of five': ['f888808080', 1],
    'a head of six': ['fc8480808080', 1],
    'FE': ['fe', 1],
    'FF': ['ff', 1],
    'far behind ASCII': [`${'61'.repeat(1000)}ff`, 1001],
    'in the middle of words': ['cebae1bdb9cf83cebcceb5eda080656469746564', 13],
};
