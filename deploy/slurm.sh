#!/bin/bash
# A corpus, made by the tasks of a Slurm job array, each a shard of its parts. The arguments are
# those of `ftplab generate`; -o is a folder that all nodes have.
#
#   sbatch --array=0-7 deploy/slurm.sh --sessions 1000000 --seed 1 -o /shared/corpus
#
# A task whose node is lost goes on where it was, and makes nothing again that is complete.
#SBATCH --job-name=ftplab-generate
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
exec "${FTPLAB:-ftplab}" generate --shard "/$SLURM_ARRAY_TASK_COUNT" "$@"
