#include <fovea/attention/context/attention_branch.h>
#include <fovea/attention/context/attention_pool.h>
#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/class_attention.h>
#include <fovea/attention/context/latent_pool.h>
#include <fovea/attention/context/learn_to_pay_attention.h>
#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/context/luong.h>
#include <fovea/attention/context/luong_local.h>
#include <fovea/attention/context/rotary_pool.h>
#include <fovea/attention/internal/families.h>

namespace fovea {

std::vector<MechanismRow> context_mechanisms() {
  const Traits context{{Where::location}, {Selects::soft, Selects::hard}, {Query::context}, {Axis::spatial}};
  const Traits self{{Where::location}, {Selects::soft}, {Query::self}, {Axis::spatial}};
  const Traits region{{Where::location}, {Selects::soft, Selects::hard}, {Query::context}, {Axis::spatial, Axis::region}};
  const Traits tokens{
      {Where::location, Where::item}, {Selects::soft, Selects::hard}, {Query::context}, {Axis::spatial, Axis::token}};
  const char* const luong = "Effective Approaches to Attention-based Neural Machine Translation";
  return {
      {.name = "bahdanau",
       .summary = "additive scores of a query and each position",
       .title = "Neural Machine Translation by Jointly Learning to Align and Translate",
       .arxiv = "1409.0473",
       .traits = context,
       .make_options = make_options<BahdanauOptions>,
       .build = built_at_point<Pool, BahdanauImpl, BahdanauOptions>(),
       .chooses = selects_hard<BahdanauOptions>},
      {.name = "luong",
       .summary = "dot, general, concat or location scores",
       .title = luong,
       .arxiv = "1508.04025",
       .traits = context,
       .make_options = make_options<LuongOptions>,
       .build = built_at_point<Pool, LuongImpl, LuongOptions>(),
       .chooses = selects_hard<LuongOptions>},
      {.name = "luong_local",
       .summary = "attention in a window around a given or predicted centre",
       .title = luong,
       .arxiv = "1508.04025",
       .traits = region,
       .make_options = make_options<LuongLocalOptions>,
       .build = built_at_point<Pool, LuongLocalImpl, LuongLocalOptions>(),
       .chooses = selects_hard<LuongLocalOptions>},
      {.name = "learned_query",
       .summary = "one learned query vector",
       .title = "Set Transformer: A Framework for Attention-based Permutation-Invariant Neural Networks",
       .arxiv = "1810.00825",
       .traits = context,
       .make_options = make_options<LearnedQueryOptions>,
       .build = built_at_point<Pool, LearnedQueryImpl, LearnedQueryOptions>(),
       .chooses = selects_hard<LearnedQueryOptions>},
      {.name = "attention_pool",
       .summary = "the mean token as query, learned position embeddings: CLIP's pooling",
       .title = "Learning Transferable Visual Models From Natural Language Supervision",
       .arxiv = "2103.00020",
       .traits = context,
       .make_options = make_options<AttentionPoolOptions>,
       .build = built_at_point<Pool, AttentionPoolImpl, AttentionPoolOptions>(),
       .chooses = selects_hard<AttentionPoolOptions>},
      {.name = "rotary_pool",
       .summary = "the mean token as query, rotary positions",
       .title = "RoFormer: Enhanced Transformer with Rotary Position Embedding",
       .arxiv = "2104.09864",
       .traits = context,
       .make_options = make_options<RotaryPoolOptions>,
       .build = built_at_point<Pool, RotaryPoolImpl, RotaryPoolOptions>(),
       .chooses = selects_hard<RotaryPoolOptions>},
      {.name = "latent_pool",
       .summary = "learned latent tokens as queries, feed-forward layers behind them",
       .title = "Scaling Vision Transformers",
       .arxiv = "2106.04560",
       .traits = context,
       .make_options = make_options<LatentPoolOptions>,
       .build = built_at_point<Pool, LatentPoolImpl, LatentPoolOptions>(),
       .chooses = selects_hard<LatentPoolOptions>},
      {.name = "class_attention",
       .summary = "a class token as query of all tokens",
       .title = "Going deeper with Image Transformers",
       .arxiv = "2103.17239",
       .traits = tokens,
       .make_options = make_options<ClassAttentionOptions>,
       .build = built_at_point<Pool, ClassAttentionPoolImpl, ClassAttentionOptions>(),
       .chooses = selects_hard<ClassAttentionOptions>},
      {.name = "ltpa",
       .summary = "the global vector as query of the positions of every stage",
       .title = "Learn To Pay Attention",
       .arxiv = "1804.02391",
       .traits = context,
       .make_options = make_options<LearnToPayAttentionOptions>,
       .build = built_at_point<Pool, LearnToPayAttentionImpl, LearnToPayAttentionOptions>(),
       .chooses = selects_hard<LearnToPayAttentionOptions>},
      {.name = "abn",
       .summary = "a spatial gate from a branch with an auxiliary classifier",
       .title = "Attention Branch Network: Learning of Attention Mechanism for Visual Explanation",
       .arxiv = "1812.10025",
       .traits = self,
       .make_options = make_options<AttentionBranchOptions>,
       .build = built_at_point<Gate, AttentionBranchImpl, AttentionBranchOptions>(),
       .only_at = {InsertionKind::stage}},
  };
}

}  // namespace fovea
