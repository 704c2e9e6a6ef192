// The umbrella over the pure modules: what both programs speak.
@_exported public import Model
@_exported public import Placement
