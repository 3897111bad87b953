import ArgumentParser
import Yams
@main struct Decoupled: ParsableCommand {}
