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
#include <fovea/attention/families.h>

namespace fovea {

std::vector<MechanismRow> context_mechanisms() {
  const Traits asked{{Where::location}, {Selects::soft}, {Query::context}, {Axis::spatial}};
  const Traits own{{Where::location}, {Selects::soft}, {Query::self}, {Axis::spatial}};
  const Traits region{{Where::location}, {Selects::soft}, {Query::context}, {Axis::spatial, Axis::region}};
  const Traits tokens{{Where::location, Where::item}, {Selects::soft}, {Query::context}, {Axis::spatial, Axis::token}};
  const char* const luong = "Effective Approaches to Attention-based Neural Machine Translation";
  return {
      {"bahdanau", "additive scores of a query and each position",
       "Neural Machine Translation by Jointly Learning to Align and Translate", "1409.0473", asked,
       make_options<BahdanauOptions>, built_at_point<Pool, BahdanauImpl, BahdanauOptions>()},
      {"luong", "dot, general, concat or location scores", luong, "1508.04025", asked, make_options<LuongOptions>,
       built_at_point<Pool, LuongImpl, LuongOptions>()},
      {"luong_local", "looks in a window around a given or predicted centre", luong, "1508.04025", region,
       make_options<LuongLocalOptions>, built_at_point<Pool, LuongLocalImpl, LuongLocalOptions>()},
      {"learned_query", "one learned vector asks",
       "Set Transformer: A Framework for Attention-based Permutation-Invariant Neural Networks", "1810.00825", asked,
       make_options<LearnedQueryOptions>, built_at_point<Pool, LearnedQueryImpl, LearnedQueryOptions>()},
      {"attention_pool", "the mean token asks, positions are learned: CLIP's pooling",
       "Learning Transferable Visual Models From Natural Language Supervision", "2103.00020", asked,
       make_options<AttentionPoolOptions>, built_at_point<Pool, AttentionPoolImpl, AttentionPoolOptions>()},
      {"rotary_pool", "the mean token asks, positions are rotary",
       "RoFormer: Enhanced Transformer with Rotary Position Embedding", "2104.09864", asked, make_options<RotaryPoolOptions>,
       built_at_point<Pool, RotaryPoolImpl, RotaryPoolOptions>()},
      {"latent_pool", "learned latent tokens ask, a small network follows", "Scaling Vision Transformers", "2106.04560",
       asked, make_options<LatentPoolOptions>, built_at_point<Pool, LatentPoolImpl, LatentPoolOptions>()},
      {"class_attention", "a class token asks all tokens", "Going deeper with Image Transformers", "2103.17239", tokens,
       make_options<ClassAttentionOptions>, built_at_point<Pool, ClassAttentionPoolImpl, ClassAttentionOptions>()},
      {"ltpa", "the global vector asks the positions of every stage", "Learn To Pay Attention", "1804.02391", asked,
       make_options<LearnToPayAttentionOptions>,
       built_at_point<Pool, LearnToPayAttentionImpl, LearnToPayAttentionOptions>()},
      {.name = "abn",
       .summary = "a branch that scores the classes itself makes a spatial mask",
       .title = "Attention Branch Network: Learning of Attention Mechanism for Visual Explanation",
       .arxiv = "1812.10025",
       .traits = own,
       .make_options = make_options<AttentionBranchOptions>,
       .build = built_at_point<Gate, AttentionBranchImpl, AttentionBranchOptions>(),
       .only_at = {InsertionKind::stage}},
  };
}

}  // namespace fovea
