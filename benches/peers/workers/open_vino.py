"""anomalib's OpenVINO export on the CPU, in float32 unless told otherwise, for the shortest time of one picture."""

import argparse

import openvino

from protocol import Answer, planes, serve


def main() -> None:
    """Loads and serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--side", type=int, help="side of all pictures: fixes the shapes")
    parser.add_argument("--precision", default="f32", help="inference precision; `default` leaves it to OpenVINO")
    asked = parser.parse_args()
    model = openvino.Core().read_model(asked.model)
    if asked.side:
        model.reshape([1, 3, asked.side, asked.side])
    compiled = openvino.Core().compile_model(model, "CPU", configuration(asked))
    request = compiled.create_infer_request()

    def engine(picture):
        request.infer([planes(picture)], share_inputs=True)
        score, anomaly_map = (request.get_tensor(name).data[0] for name in ("pred_score", "anomaly_map"))
        return Answer(float(score), anomaly_map.copy())

    serve(engine, version=openvino.__version__)


def configuration(asked: argparse.Namespace) -> dict:
    """Without the precision hint OpenVINO computes in bfloat16 where the processor can."""
    chosen = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": asked.threads}
    if asked.precision != "default":
        chosen["INFERENCE_PRECISION_HINT"] = asked.precision
    return chosen


if __name__ == "__main__":
    main()
