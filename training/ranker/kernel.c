/* Log-odds of design-matrix rows. The trees are tables, put before this text when it is compiled.

Rows in a row that share their customer columns (all of one request do) form a group. A split on a
customer column is decided once for the whole group, a split on a product column parts it; every
leaf adds its value to the rows that came to it. Trees follow one another in LightGBM's order, so
a row's sum is LightGBM's to the last bit. */

#include <string.h>

#ifndef FOR_PROCESSORS
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_PROCESSORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_PROCESSORS
#endif
#endif
#define INLINED static inline __attribute__((always_inline))

/* Rows of a group, and what their number is rounded up to: whole vectors, no remainders. */
enum { LANES = 128, STEP = 16 };

typedef int32_t Mask[LANES]; /* -1 for the rows meant, else 0 */

typedef struct {
    int lanes;
    float value[PRODUCT_COLUMNS][LANES];
    uint32_t bit[CATEGORY_WORDS][LANES]; /* a row's category as one bit of its column's words */
} Group;

typedef struct {
    int32_t node;
    Mask rows;
} Branch;

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

/* Product columns side by side, so that one split reads consecutive memory. */
INLINED void gather(Group *group, const float *rows, int count) {
    group->lanes = (count + STEP - 1) / STEP * STEP;
    for (int column = 0; column < PRODUCT_COLUMNS; column++) {
        const float *value = rows + CUSTOMER_COLUMNS + column;
        for (int row = 0; row < group->lanes; row++)
            group->value[column][row] = row < count ? value[(int64_t)row * COLUMNS] : 0.0f;
    }
    memset(group->bit, 0, sizeof group->bit);
    for (int known = 0; known < CATEGORY_COLUMNS; known++) {
        const CategoryColumn *column = &category_columns[known];
        for (int row = 0; row < count; row++) {
            int category = category_of(group->value[column->product_column][row], column->words);
            if (category >= 0)
                group->bit[column->first_word + (category >> 5)][row] = 1u << (category & 31);
        }
    }
}

/* For every row -1 where it goes left, else 0. */
INLINED void decide(const Node *node, const Group *group, int32_t *restrict left) {
    if (node->words == 0) {
        const float *restrict value = group->value[node->column - CUSTOMER_COLUMNS];
        const float threshold = node->threshold;
        const int32_t missing_left = -(int32_t)node->missing_left;
        for (int row = 0; row < group->lanes; row++)
            left[row] = -(value[row] <= threshold) | (-(value[row] != value[row]) & missing_left);
        return;
    }
    const uint32_t *wanted = bitsets + node->bitset;
    const uint32_t(*bit)[LANES] = group->bit + node->first_word;
    for (int row = 0; row < group->lanes; row++) left[row] = (int32_t)(bit[0][row] & wanted[0]);
    for (int word = 1; word < node->words; word++)
        for (int row = 0; row < group->lanes; row++)
            left[row] |= (int32_t)(bit[word][row] & wanted[word]);
    for (int row = 0; row < group->lanes; row++) left[row] = -(left[row] != 0);
}

FOR_PROCESSORS
static void score_group(const float *rows, int count, double *margins) {
    Group group;
    Branch waiting[MOST_WAITING];
    Mask all, here, left;
    double sums[LANES];
    gather(&group, rows, count);
    for (int row = 0; row < group.lanes; row++) {
        all[row] = -(row < count);
        sums[row] = 0.0;
    }
    for (int tree = 0; tree < TREES; tree++) {
        int32_t at = roots[tree];
        int32_t *mask = all;
        int branches = 0;
        for (;;) {
            while (at >= 0 && nodes[at].column < CUSTOMER_COLUMNS)
                at = nodes[at].child[!goes_left(&nodes[at], rows[nodes[at].column])];
            if (at < 0) {
                const double value = leaves[~at];
                for (int row = 0; row < group.lanes; row++)
                    sums[row] += mask[row] ? value : 0.0;
                if (branches == 0) break;
                at = waiting[--branches].node;
                memcpy(here, waiting[branches].rows, sizeof(Mask));
                mask = here;
                continue;
            }
            int32_t *right = waiting[branches].rows;
            int32_t some_left = 0, some_right = 0;
            decide(&nodes[at], &group, left);
            for (int row = 0; row < group.lanes; row++) {
                right[row] = mask[row] & ~left[row];
                left[row] &= mask[row];
                some_left |= left[row];
                some_right |= right[row];
            }
            if (some_left && some_right) {
                waiting[branches++].node = nodes[at].child[1];
                memcpy(here, left, sizeof(Mask));
                mask = here;
            }
            at = nodes[at].child[!some_left];
        }
    }
    memcpy(margins, sums, (size_t)count * sizeof(double));
}

__attribute__((visibility("default")))
void nbo_margins(const float *matrix, int64_t rows, double *margins) {
    for (int64_t start = 0, count; start < rows; start += count) {
        const float *first = matrix + start * COLUMNS;
        count = 1;
        while (count < LANES && start + count < rows
               && memcmp(first, first + count * COLUMNS, CUSTOMER_COLUMNS * sizeof(float)) == 0)
            count++;
        score_group(first, (int)count, margins + start);
    }
}
