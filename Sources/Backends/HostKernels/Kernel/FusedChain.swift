/// Which operators behind a convolution or a normalisation run in its kernel, from their kinds and links alone.
import CDecoupled
import DecoupledBackendKit

enum FusedChain {
  /// How many leading nodes follow one of the patterns (Conv | ConvTranspose) [BatchNormalization in inference form]
  /// [activation], and BatchNormalization [activation].
  static func length(_ chain: Chain) -> Int {
    var count = 1
    switch chain[0].operatorKind {
    case .conv, .convTranspose:
      if follows(chain, 1), chain[1].operatorKind == .batchNormalization,
        chain[1].integer("training_mode", default: 0) == 0
      {
        count = 2
      }
    case .batchNormalization: break
    default: return 1
    }
    return follows(chain, count) && FusedActivation(chain[count]) != nil ? count + 1 : count
  }

  private static func follows(_ chain: Chain, _ index: Int) -> Bool {
    index < chain.count && continues(chain, index)
  }

  /// Whether the first input of a node is the first output of the one before it, and nothing else goes between them.
  static func continues(_ chain: Chain, _ index: Int) -> Bool {
    let outputs = chain[index - 1].outputOperands
    let inputs = chain[index].inputOperands
    guard let made = outputs.first, let read = inputs.first else { return false }
    return made.isInternal && read.isInternal && made.value == read.value
      && !outputs.dropFirst().contains { $0.isInternal } && !inputs.dropFirst().contains { $0.isInternal }
  }
}
