/* Log-odds of design-matrix rows. The trees are tables, put before this text when it is compiled.

Rows that share their customer columns (all of one request do) form a group. A split on a customer
column is decided once for the whole group, a split on a product column parts it; every leaf adds
its value to the rows that came to it. Trees follow one another in LightGBM's order, so a row's sum
is LightGBM's to the last bit. */

#include <string.h>

#ifndef FOR_PROCESSORS
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_PROCESSORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_PROCESSORS
#endif
#endif
#ifdef __clang__
#define EVERY_LANE_ALONE _Pragma("clang loop vectorize(assume_safety)")
#else
#define EVERY_LANE_ALONE _Pragma("GCC ivdep")
#endif
#define INLINED static inline __attribute__((always_inline))
#define EXPORTED __attribute__((visibility("default")))

/* Rows of a group, and what their number is rounded up to: whole vectors, no remainders. */
enum { LANES = 128, STEP = 16 };

typedef int32_t Mask[LANES]; /* -1 for the rows meant, else 0 */

/* Product columns side by side, so that one split reads consecutive memory. */
typedef struct {
    int count, lanes;
    float value[PRODUCT_COLUMNS][LANES];
    uint32_t bit[CATEGORY_WORDS][LANES]; /* a row's category as one bit of its column's words */
} Group;

typedef struct {
    int32_t node;
    Mask rows;
} Branch;

enum { LEFT = 1, RIGHT = 2 };

/* LightGBM drops the fraction; missing, negative and unknown categories have no bit. */
INLINED int category_of(float value, int words) {
    return value > -1.0f && value < 32.0f * (float)words ? (int)value : -1;
}

/* Without a branch where numbers decide: nobody can predict it. */
INLINED int goes_left(const Node *node, float value) {
    if (node->words == 0)
        return (value <= node->threshold) | ((value != value) & node->missing_left);
    int category = category_of(value, node->words);
    return category >= 0 && (bitsets[node->bitset + (category >> 5)] >> (category & 31) & 1);
}

INLINED void begin(Group *group, int count) {
    memset(group, 0, sizeof *group);
    group->count = count;
    group->lanes = (count + STEP - 1) / STEP * STEP;
}

INLINED void mark_categories(Group *group) {
    for (int known = 0; known < CATEGORY_COLUMNS; known++) {
        const CategoryColumn *column = &category_columns[known];
        for (int row = 0; row < group->count; row++) {
            int category = category_of(group->value[column->product_column][row], column->words);
            if (category >= 0)
                group->bit[column->first_word + (category >> 5)][row] = 1u << (category & 31);
        }
    }
}

/* A split on categories as one on numbers: wanted ones are -1, all others 1. */
INLINED void tell_wanted(const Node *node, const Group *group, float *restrict value) {
    const uint32_t *wanted = bitsets + node->bitset;
    const uint32_t(*bit)[LANES] = group->bit + node->first_word;
    uint32_t found[LANES];
    for (int row = 0; row < group->lanes; row++) found[row] = bit[0][row] & wanted[0];
    for (int word = 1; word < node->words; word++)
        for (int row = 0; row < group->lanes; row++) found[row] |= bit[word][row] & wanted[word];
    for (int row = 0; row < group->lanes; row++) value[row] = found[row] ? -1.0f : 1.0f;
}

/* Writes which of the rows go left and which right, and says whether there are any of either. One of
both may be written over the rows themselves. */
INLINED int part(const Node *node, const Group *group, const int32_t *rows, int32_t *left,
                 int32_t *right) {
    const float *value = group->value[node->column - CUSTOMER_COLUMNS];
    float wanted[LANES];
    if (node->words != 0) {
        tell_wanted(node, group, wanted);
        value = wanted;
    }
    const float threshold = node->threshold; /* zero where categories decide */
    const int32_t missing_left = -(int32_t)node->missing_left;
    int32_t some_left = 0, some_right = 0;
    EVERY_LANE_ALONE
    for (int row = 0; row < group->lanes; row++) {
        const int32_t goes_left =
            -(value[row] <= threshold) | (-(value[row] != value[row]) & missing_left);
        const int32_t to_left = rows[row] & goes_left, to_right = rows[row] & ~goes_left;
        left[row] = to_left;
        right[row] = to_right;
        some_left |= to_left;
        some_right |= to_right;
    }
    return (some_left ? LEFT : 0) | (some_right ? RIGHT : 0);
}

FOR_PROCESSORS
static void score_group(const float *customer, const Group *group, double *margins) {
    Branch waiting[MOST_WAITING];
    Mask all, left;
    double sums[LANES];
    for (int row = 0; row < group->lanes; row++) {
        all[row] = -(row < group->count);
        sums[row] = 0.0;
    }
    for (int tree = 0; tree < TREES; tree++) {
        int32_t at = roots[tree];
        const int32_t *rows = all;
        int branches = 0;
        for (;;) {
            while (at >= 0 && nodes[at].column < CUSTOMER_COLUMNS)
                at = nodes[at].child[!goes_left(&nodes[at], customer[nodes[at].column])];
            if (at < 0) {
                const double value = leaves[~at];
                for (int row = 0; row < group->lanes; row++) sums[row] += rows[row] ? value : 0.0;
                if (branches == 0) break;
                at = waiting[--branches].node;
                rows = waiting[branches].rows;
                continue;
            }
            Branch *other = &waiting[branches];
            const int sides = part(&nodes[at], group, rows, left, other->rows);
            rows = sides == RIGHT ? other->rows : left;
            if (sides == (LEFT | RIGHT)) {
                other->node = nodes[at].child[1];
                branches++;
            }
            at = nodes[at].child[sides == RIGHT];
        }
    }
    memcpy(margins, sums, (size_t)group->count * sizeof(double));
}

/* Rows of `matrix` (rows, COLUMNS); those that follow each other and share a customer together. */
EXPORTED
void nbo_margins(const float *matrix, int64_t rows, double *margins) {
    Group group;
    for (int64_t start = 0, count; start < rows; start += count) {
        const float *first = matrix + start * COLUMNS;
        count = 1;
        while (count < LANES && start + count < rows
               && memcmp(first, first + count * COLUMNS, CUSTOMER_COLUMNS * sizeof(float)) == 0)
            count++;
        begin(&group, (int)count);
        for (int column = 0; column < PRODUCT_COLUMNS; column++)
            for (int row = 0; row < group.count; row++)
                group.value[column][row] = first[row * COLUMNS + CUSTOMER_COLUMNS + column];
        mark_categories(&group);
        score_group(first, &group, margins + start);
    }
}

/* One customer's rows without the matrix: her columns, `products` (product_count, PRODUCT_COLUMNS
without the code, which stands first) and the codes of the candidates. -1 for a code outside. */
EXPORTED
int nbo_candidate_margins(const float *customer, const float *products, int64_t product_count,
                          const intptr_t *codes, int64_t rows, double *margins) {
    Group group;
    for (int64_t start = 0; start < rows; start += LANES) {
        begin(&group, rows - start < LANES ? (int)(rows - start) : LANES);
        for (int row = 0; row < group.count; row++) {
            const intptr_t code = codes[start + row];
            if (code < 0 || code >= product_count) return -1;
            const float *product = products + code * (PRODUCT_COLUMNS - 1);
            group.value[0][row] = (float)code;
            for (int column = 1; column < PRODUCT_COLUMNS; column++)
                group.value[column][row] = product[column - 1];
        }
        mark_categories(&group);
        score_group(customer, &group, margins + start);
    }
    return 0;
}
