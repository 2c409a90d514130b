"""Whether lists are good: what they hit, against popularity, and how the ranking learns."""

from deploy.dashboards.board import CHOSEN, WINDOW, Board, Panel, Query, Row, gauge

_HITS = "freshet_standing_hit_ratio"

_LISTS = Row(
    "Lists, judged by what their users did next",
    (
        Panel(
            "Hits in the top ten",
            "`standing`, the user's own list, lies well above `popularity`, and neither falls.",
            "percentunit",
            (Query(f'max by (list) ({_HITS}{{slice="all", {CHOSEN}}})', "{{list}}"),),
        ),
        Panel(
            "Times as good as popularity",
            "Above 1.5; below 1 the most popular items would be the better list for everybody.",
            "none",
            (
                Query(
                    f'max({_HITS}{{slice="all", list="standing", {CHOSEN}}})'
                    f' / max({_HITS}{{slice="all", list="popularity", {CHOSEN}}} > 0)',
                    "standing / popularity",
                ),
            ),
        ),
    ),
)
_SLICES = Row(
    "The same by slice",
    (
        Panel(
            "Hits of the user's list, by slice",
            "No slice falls while the others stay; `cold_items` lies lowest.",
            "percentunit",
            (Query(f'max by (slice) ({_HITS}{{list="standing", {CHOSEN}}})', "{{slice}}"),),
        ),
        Panel(
            "Hits beyond popularity, by slice",
            "Every slice of some hundred sets above zero, the most popular items' hits.",
            "percentunit",
            (
                Query(
                    f'max by (slice) ({_HITS}{{list="standing", {CHOSEN}}})'
                    f' - max by (slice) ({_HITS}{{list="popularity", {CHOSEN}}})',
                    "{{slice}}",
                ),
            ),
        ),
        Panel(
            "NDCG by slice",
            "As the hits; it falls alone where what is hit stands ever lower.",
            "none",
            (Query(f'max by (slice) (freshet_standing_ndcg{{list="standing", {CHOSEN}}})', "{{slice}}"),),
        ),
        Panel(
            "Sets behind each slice",
            "Some hundred, up to 2,000; below that a slice's figures are chance.",
            "short",
            (gauge("freshet_standing_sets", "slice"),),
        ),
    ),
)
_LIKE = Row(
    "What lists are like, whatever is taken of them",
    (
        Panel(
            "Coverage",
            "Level: the share of the catalogue that the last 1,024 lists of a worker hold.",
            "percentunit",
            (gauge("freshet_list_coverage_ratio", "worker", roles="recommend"),),
        ),
        Panel(
            "Novelty",
            "Level; each bit less means that what is listed was had twice as often.",
            "none",
            (gauge("freshet_list_novelty_bits", "worker", roles="recommend"),),
        ),
        Panel(
            "Diversity within lists",
            "Level, and higher with FRESHET_DIVERSITY; 1 where no item has a vector.",
            "percentunit",
            (gauge("freshet_list_diversity_ratio", "worker", roles="recommend"),),
        ),
    ),
)
_RANKING = Row(
    "The learned ranking",
    (
        Panel(
            "Ranked by the network",
            "1 in every worker once the network has seen some thousand lists; 0 where the blend still ranks better.",
            "none",
            (gauge("freshet_ranking_served", "worker", "min", roles="recommend"),),
        ),
        Panel(
            "Reciprocal rank of what was had",
            "`network` lies above `blend`.",
            "none",
            (gauge("freshet_ranking_reciprocal_rank", "by"),),
        ),
        Panel(
            "Loss",
            "Falls at first, then wavers about a level; a lasting rise is a stream that has changed.",
            "none",
            (gauge("freshet_ranking_loss", "worker", roles="learn"),),
        ),
        Panel(
            "Steps",
            "Rises while events come; flat means that the learner is late and sheds this work.",
            "none",
            (gauge("freshet_ranking_steps", "worker", roles="learn"),),
        ),
    ),
)
_PRIVACY = Row(
    "Privacy of what the ranking is learned from",
    (
        Panel(
            "Epsilon spent of one user at most",
            "Rises to FRESHET_DP_EPSILON and stays there.",
            "none",
            (gauge("freshet_privacy_epsilon", "worker", roles="learn"),),
            empty_because="the ranking is learned without privacy",
        ),
        Panel(
            "Users who have spent all",
            "Well below 1, or the steps are flat and the weights stay as they are.",
            "percentunit",
            (gauge("freshet_privacy_exhausted_ratio", "worker", roles="learn"),),
            empty_because="the ranking is learned without privacy",
        ),
    ),
)

_CHANGE = Row(
    "Change and comparison",
    (
        Panel(
            "Drift alarms",
            "None, or one after a change of yours: the ranking got worse all of a sudden.",
            "short",
            (
                Query(
                    f"sum by (segment, measure) (increase(freshet_drift_alarms_total{{{CHOSEN}}}[{WINDOW}]))",
                    "{{segment}} {{measure}}",
                ),
            ),
        ),
        Panel(
            "Hits by arm",
            "The arm you hope for lies above the others; `freshet status --experiments` says how surely.",
            "percentunit",
            (gauge("freshet_arm_hit_ratio", "arm"),),
            empty_because="no experiment runs",
        ),
        Panel(
            "Sets by arm",
            "In the proportions that the experiment gives its arms.",
            "short",
            (gauge("freshet_arm_sets", "arm"),),
            empty_because="no experiment runs",
        ),
    ),
)

BOARD = Board(
    "freshet-quality",
    "Freshet: quality",
    (_LISTS, _SLICES, _LIKE, _RANKING, _PRIVACY, _CHANGE),
    annotations=(
        Query(f"sum by (segment) (changes(freshet_drift_alarms_total{{{CHOSEN}}}[{WINDOW}])) > 0", "Drift"),
    ),
)
